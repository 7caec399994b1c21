# frozen_string_literal: true

# Drives Ruby's stomp through the scenarios of ../scenario.ts: stomp_ruby.rb <port> <version>, one JSON line for each.

require 'json'
require 'stomp'
require 'timeout'

PORT = Integer(ARGV[0])
VERSION = ARGV[1]
PATIENCE = 30
TEXT = "Grüße, 世界 🐎\nsecond line"
ODD = { '1.0' => 'a:b\\d', '1.1' => "a:b\\d\ne", '1.2' => "a:b\\d\ne\rf" }[VERSION]

# One session. What arrives is kept by command until it is asked for.
class Client
  attr_reader :raw

  def initialize(headers = {}, **options)
    # STOMP 1.0 as it was: nothing is said of versions.
    versions = VERSION == '1.0' ? {} : { 'accept-version' => VERSION, 'host' => 'localhost' }
    @raw = Stomp::Connection.new(
      hosts: [{ login: 'clients', passcode: 'secret', host: '127.0.0.1', port: PORT }],
      connect_headers: versions.merge(headers), reliable: false, **options
    )
    @arrived = Hash.new { |arrived, command| arrived[command] = [] }
  end

  def frame(command)
    Timeout.timeout(PATIENCE) do
      while @arrived[command].empty?
        frame = @raw.receive
        raise "the connection ended, waiting for #{command}" if frame.nil?

        @arrived[frame.command] << frame
      end
    end
    @arrived[command].shift
  end

  def message
    # Bytes become text only here: what a body is, its content-type would say.
    frame('MESSAGE').tap { |message| message.body = message.body.dup.force_encoding('UTF-8') }
  end

  def messages(count)
    Array.new(count) { message }
  end

  def expect_receipt(name)
    got = frame('RECEIPT').headers['receipt-id']
    raise "receipt #{got} instead of #{name}" if got != name

    got
  end

  def subscribe(destination, id, ack = 'auto', headers = {})
    @raw.subscribe(destination, { ack: ack, receipt: id }.merge(headers), VERSION == '1.0' ? nil : id)
    expect_receipt(id)
  end

  def send(destination, body, headers = {})
    @raw.publish(destination, body, { receipt: 'sent' }.merge(headers))
    expect_receipt('sent')
  end

  def answer(verb, message, receipt, headers = {})
    id = message.headers[VERSION == '1.2' ? 'ack' : 'message-id']
    headers = headers.merge(subscription: message.headers['subscription']) if VERSION == '1.1'
    @raw.public_send(verb, id, headers.merge(receipt: receipt))
    expect_receipt(receipt)
  end

  def close
    @raw.disconnect(receipt: 'bye')
    { receipt: @raw.disconnect_receipt.headers['receipt-id'], closed: @raw.closed? }
  end
end

# Counts what the heart-beat threads report.
class BeatLog < Stomp::NullLogger
  def initialize
    super
    @fired = Queue.new
  end

  def on_hbfire(_parameters, kind, _details = {})
    @fired << kind
  end

  def wait(kind)
    Timeout.timeout(PATIENCE) { nil until @fired.pop == kind }
  end
end

# What the tests compare of a message that may come again.
def seen(message)
  [message.body, message.headers['redelivered'], message.headers['delivery-count']]
end

def connect
  client = Client.new
  headers = client.raw.connection_frame.headers
  {
    version: headers['version'],
    server: headers['server'],
    heartBeat: headers['heart-beat'],
    user: headers['user-name'],
    disconnected: client.close
  }
end

def topic
  client = Client.new
  receipts = [client.subscribe('/topic/plain', 'plain'), client.subscribe('/topic/wild/*', 'wild')]
  receipts << client.send('/topic/plain', TEXT, 'odd' => ODD, 'grüße' => '世界', 'content-type' => 'text/plain')
  receipts << client.send('/topic/wild/one', '')
  plain, wild = client.messages(2)
  client.close
  headers = plain.headers.to_h { |name, value| [name.dup.force_encoding('UTF-8'), value.dup.force_encoding('UTF-8')] }
  {
    receipts: receipts,
    body: plain.body,
    odd: headers['odd'],
    greeting: headers['grüße'],
    contentType: headers['content-type'],
    wild: [wild.headers['destination'], wild.body]
  }
end

def binary
  client = Client.new
  client.subscribe('/topic/binary', 'binary')
  client.send('/topic/binary', (0..255).to_a.pack('C*'))
  body = client.message.body
  client.close
  body.unpack1('H*')
end

def kept
  client = Client.new
  client.send('/queue/kept', 'first')
  client.send('/queue/kept', 'second')
  client.subscribe('/queue/kept', 'kept')
  bodies = client.messages(2).map(&:body)
  client.close
  bodies
end

def individual
  client = Client.new
  client.subscribe('/queue/individual', 'individual', 'client-individual')
  %w[1 2 3].each { |body| client.send('/queue/individual', body) }
  given = client.messages(3)
  client.answer(:ack, given[1], 'acked')
  again = nil
  unless VERSION == '1.0'
    client.answer(:nack, given[0], 'nacked')
    again = seen(client.message)
  end
  client.close
  other = Client.new
  other.subscribe('/queue/individual', 'individual')
  other.send('/queue/individual', '4')
  left = other.messages(3).map { |message| seen(message) }
  other.close
  { given: given.map { |message| seen(message) }, again: again, left: left }
end

def cumulative
  client = Client.new
  client.subscribe('/queue/cumulative', 'cumulative', 'client')
  %w[1 2 3].each { |body| client.send('/queue/cumulative', body) }
  given = client.messages(3)
  client.answer(:ack, given[1], 'acked')
  client.close
  other = Client.new
  other.subscribe('/queue/cumulative', 'cumulative')
  other.send('/queue/cumulative', '4')
  left = other.messages(2).map { |message| seen(message) }
  other.close
  { given: given.map { |message| seen(message) }, left: left }
end

def transactions
  client = Client.new
  raw = client.raw
  client.subscribe('/queue/out', 'out')
  raw.begin('t1')
  raw.publish('/queue/out', 'aborted', transaction: 't1')
  raw.abort('t1', receipt: 'aborted')
  receipts = [client.expect_receipt('aborted')]
  raw.begin('t2')
  raw.publish('/queue/out', 'one', transaction: 't2')
  raw.publish('/queue/out', 'two', transaction: 't2')
  raw.commit('t2', receipt: 'committed')
  receipts << client.expect_receipt('committed')
  committed = client.messages(2).map(&:body)

  client.subscribe('/queue/in', 'in', 'client-individual')
  client.send('/queue/in', 'work')
  raw.begin('t3')
  client.answer(:ack, client.message, 'taken in', transaction: 't3')
  raw.abort('t3', receipt: 'aborted')
  client.expect_receipt('aborted')
  client.close

  second = Client.new
  second.subscribe('/queue/in', 'in', 'client-individual')
  work = second.message
  second.raw.begin('t4')
  second.answer(:ack, work, 'taken in', transaction: 't4')
  second.raw.commit('t4', receipt: 'committed')
  second.expect_receipt('committed')
  second.close

  third = Client.new
  third.subscribe('/queue/in', 'in')
  third.send('/queue/in', 'next')
  after = third.message
  third.close
  { receipts: receipts, committed: committed, afterAbort: seen(work), afterCommit: seen(after) }
end

def many
  client = Client.new
  bodies = %w[/queue/many /topic/many].to_h do |destination|
    client.subscribe(destination, destination)
    1.upto(1000) { |i| client.raw.publish(destination, i.to_s) }
    [destination, client.messages(1000).map { |message| Integer(message.body) }]
  end
  client.close
  bodies
end

def reply
  asking = Client.new
  answering = Client.new
  answering.subscribe('/queue/service', 'service')
  asking.subscribe('/temp-queue/answers', 'answers')
  asking.send('/queue/service', 'question', 'reply-to' => '/temp-queue/answers', 'correlation-id' => 'c-1')
  question = answering.message
  address = question.headers['reply-to']
  answering.send(address, "#{question.body}: answer", 'correlation-id' => question.headers['correlation-id'])
  answer = asking.message
  asking.close
  answering.close
  {
    isPrivate: address != '/temp-queue/answers',
    body: answer.body,
    correlation: answer.headers['correlation-id'],
    destination: answer.headers['destination']
  }
end

def durable
  name = { 'client-id' => 'ruby' }
  client = Client.new(name)
  client.subscribe('/topic/durable', 'news', 'auto', 'durable' => 'true')
  client.close
  other = Client.new
  other.send('/topic/durable', 'missed')
  other.close
  again = Client.new(name)
  again.subscribe('/topic/durable', 'news', 'auto', 'durable' => 'true')
  body = again.message.body
  again.raw.unsubscribe('/topic/durable', { receipt: 'ended' }, 'news')
  again.expect_receipt('ended')
  again.close
  body
end

def error
  client = Client.new
  client.raw.publish('/nowhere', 'x', receipt: 'refused')
  frame = client.frame('ERROR')
  {
    code: frame.headers['code'],
    message: frame.headers['message'],
    receipt: frame.headers['receipt-id'],
    hasCure: frame.body != '',
    closed: Timeout.timeout(PATIENCE) { client.raw.receive }.nil?
  }
end

def heartBeats
  log = BeatLog.new
  client = Client.new({ 'heart-beat' => '1000,500' }, logger: log)
  # By then the server would have judged a silent client.
  4.times { log.wait('send_heartbeat') }
  raise 'no heart-beat came' unless client.raw.hbrecv_count.positive? && client.raw.hb_received

  receipt = client.send('/topic/plain', 'still here')
  client.close
  receipt
end

scenarios = %i[connect topic binary kept individual cumulative transactions many reply error]
scenarios += %i[durable heartBeats] if VERSION == '1.2'
$stdout.sync = true
# The library warns of the end of a connection that the scenario `error` waits for.
$VERBOSE = nil
scenarios.each do |scenario|
  line =
    begin
      { scenario: scenario, result: method(scenario).call }
    rescue StandardError => e
      { scenario: scenario, error: "#{e.class}: #{e.message}" }
    end
  puts JSON.generate(line)
end

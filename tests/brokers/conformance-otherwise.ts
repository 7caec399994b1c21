import type { Otherwise } from '../../packages/server/test/relay/otherwise.js'

/** Cells that ask for what no relay gives, whatever broker is behind it. */
export const RELAYED_CELLS: Otherwise = {
  'answers all that came before the end of the client’s side, then ends too':
    'topics come by another connection than RECEIPTs: a client that ends its side may miss what it sent to itself',
  'publishes what a message route returns':
    'topics come by another connection than RECEIPTs: what a route publishes may come before the RECEIPT',
  'brings about all that was sent in a transaction at its COMMIT, in order and over all destinations, and nothing before':
    'topics and queues come by different connections: there is no order over several destinations',
  'takes a cumulative ACK for nothing of another subscription, of the same session or of another':
    'queues of a broker have no order among each other',
  'gives what a topic has kept, by number or from a message on, and goes on with what follows':
    'a relay has no histories',
  'delivers a message with an end before it, and not after': 'the time of the broker cannot be moved',
  'keeps what was sent with persistent:true, alone or in a transaction, over a restart, and nothing else':
    'the broker outlives the node, and keeps the rest as well',
  'gives a refused message again: the same message-id, marked, counted, before those behind it':
    'the broker does not count',
  'puts a message that is refused again and again into the queue of dead letters, with its origin and the reason':
    'dead letters are the broker’s own',
}

/** Cells with a NACK that gives back, for brokers whose NACK does not: `why`. */
export const nackCells = (why: string): Otherwise => ({
  'takes every client frame with its required headers alone': why,
  'takes an ACK or NACK in mode client-individual for its own message, and for none before': why,
  'answers ACK and NACK that ask with a RECEIPT that carries receipt-id alone': why,
  'brings about ACK and NACK of a transaction at its COMMIT, and not before': why,
  'gives a refused message to the next client, where another one has room': why,
  'refuses one message in mode client-individual': why,
  'gives a refused message back in 1.0 too': why,
  'makes room for the next message by an ACK, and by a NACK, and by nothing else': why,
  'refuses all open messages up to the one it names in mode client, and none that was answered or came after': why,
})

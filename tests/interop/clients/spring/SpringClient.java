import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Type;
import java.net.URI;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.tomcat.websocket.WsWebSocketContainer;
import org.eclipse.jetty.client.HttpClient;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.converter.ByteArrayMessageConverter;
import org.springframework.messaging.converter.CompositeMessageConverter;
import org.springframework.messaging.converter.MappingJackson2MessageConverter;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.MimeTypeUtils;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.handler.WebSocketSessionDecorator;
import org.springframework.web.socket.messaging.WebSocketStompClient;
import org.springframework.web.socket.sockjs.client.AbstractXhrTransport;
import org.springframework.web.socket.sockjs.client.JettyXhrTransport;
import org.springframework.web.socket.sockjs.client.RestTemplateXhrTransport;
import org.springframework.web.socket.sockjs.client.SockJsClient;
import org.springframework.web.socket.sockjs.client.Transport;
import org.springframework.web.socket.sockjs.client.WebSocketTransport;

/**
 * Drives Spring's STOMP client through the scenarios of ../../spring-sockjs.test.ts. Each line of its input asks for one,
 * `<id> <transport> <scenario> <port>`; all that are asked for run at the same time, and each is answered with one line of
 * JSON that has the id and `result` or `error`. A first line has the id `ready`. Ends with its input.
 */
public class SpringClient {
  private static final int PATIENCE_SECONDS = 30;
  /** Tomcat takes text of 8 KiB where it is told nothing, whatever Spring is told. */
  private static final int MAX_BYTES = 1 << 20;
  private static final long[] NO_BEATS = {0, 0};
  private static final long[] BEATS_MS = {1_000, 1_000};
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ThreadPoolTaskScheduler SCHEDULER = new ThreadPoolTaskScheduler();

  private interface Scenario {
    Object run(Door door) throws Exception;
  }

  private static final Map<String, Scenario> SCENARIOS = Map.ofEntries(
      Map.entry("connect", SpringClient::connect),
      Map.entry("identified", SpringClient::identified),
      Map.entry("refused", SpringClient::refused),
      Map.entry("topic", SpringClient::topic),
      Map.entry("route", SpringClient::route),
      Map.entry("receipts", SpringClient::receipts),
      Map.entry("userQueue", SpringClient::userQueue),
      Map.entry("acknowledge", SpringClient::acknowledge),
      Map.entry("large", SpringClient::large),
      Map.entry("split", SpringClient::split),
      Map.entry("many", SpringClient::many),
      Map.entry("binary", SpringClient::binary),
      Map.entry("error", SpringClient::error),
      Map.entry("heartBeats", SpringClient::heartBeats),
      Map.entry("silence", SpringClient::silence),
      Map.entry("serverEnds", SpringClient::serverEnds));

  private static Object connect(Door door) throws Exception {
    Client client = door.open();
    client.disconnect();
    StompHeaders headers = client.connected;
    return fields("headers", headers.keySet(), "version", headers.getFirst("version"), "user",
        headers.getFirst("user-name"), "heartBeat", headers.getFirst("heart-beat"), "closed", client.closed());
  }

  private static Object identified(Door door) throws Exception {
    WebSocketHttpHeaders http = new WebSocketHttpHeaders();
    http.add("x-user", "told by HTTP");
    Client client = new Client(door, NO_BEATS);
    client.connect(http, null);
    client.subscribe("/topic/identified");
    client.send("/topic/identified", "hello");
    String body = client.message().text();
    client.disconnect();
    return fields("user", client.connected.getFirst("user-name"), "body", body);
  }

  private static Object refused(Door door) throws Exception {
    Client client = new Client(door, NO_BEATS);
    try {
      client.connect(new WebSocketHttpHeaders(), "wrong");
    } catch (ExecutionException fault) {
      String failure = fault.getCause().getClass().getSimpleName();
      return fields("failure", failure, "error", client.error(), "closed", client.closed());
    }
    throw new IllegalStateException("it was let in");
  }

  private static Object topic(Door door) throws Exception {
    Client sender = door.open();
    Client reader = door.open();
    reader.subscribe("/topic/plain");
    reader.subscribe("/topic/wild/*");
    StompHeaders headers = new StompHeaders();
    headers.setDestination("/topic/plain");
    headers.add("odd", "a:b\\d\ne\rf");
    headers.add("grüße", "世界");
    sender.settle(sender.session.send(headers, "Grüße, 世界 🐎\nsecond \"line\""));
    Seen plain = reader.message();
    sender.send("/topic/wild/one", "");
    Seen wild = reader.message();
    sender.disconnect();
    reader.disconnect();
    return fields("headers", plain.headers.keySet(), "body", plain.text(), "odd", plain.headers.get("odd"), "greeting",
        plain.headers.get("grüße"), "contentType", plain.headers.get("content-type"), "wild",
        List.of(wild.headers.get("destination"), wild.text()));
  }

  private static Object route(Door door) throws Exception {
    Client client = door.open();
    client.subscribe("/topic/greetings");
    client.send("/app/hello", Map.of("name", "Ada"));
    Seen greeting = client.message();
    client.subscribe("/app/answer");
    Seen answer = client.message();
    client.disconnect();
    return fields("greeting", JSON.readTree(greeting.body), "contentType", greeting.headers.get("content-type"),
        "answer", JSON.readTree(answer.body), "destination", answer.headers.get("destination"));
  }

  private static Object receipts(Door door) throws Exception {
    Client client = door.open();
    StompSession.Subscription subscription = client.session.subscribe("/topic/receipts", client);
    List<String> asked = new ArrayList<>();
    List<String> told = new ArrayList<>();
    StompSession.Receiptable sent = client.session.send("/topic/receipts", "one");
    for (StompSession.Receiptable each : List.of(subscription, sent)) {
      asked.add(each.getReceiptId());
      told.add(client.settle(each));
    }
    client.message();
    subscription.unsubscribe();
    client.send("/topic/receipts", "two");
    client.disconnect();
    return fields("same", asked.equals(told), "count", told.size(), "afterUnsubscribe", client.messages.size());
  }

  private static Object userQueue(Door door) throws Exception {
    Client client = door.open();
    client.subscribe("/user/queue/answers");
    client.send("/app/ask", "what");
    Seen answer = client.message();
    client.disconnect();
    return fields("destination", answer.headers.get("destination"), "body", answer.text());
  }

  private static Object acknowledge(Door door) throws Exception {
    Client client = door.open();
    StompHeaders headers = new StompHeaders();
    headers.setDestination("/queue/work");
    headers.setAck("client-individual");
    client.settle(client.session.subscribe(headers, client));
    client.send("/queue/work", "one");
    client.send("/queue/work", "two");
    Seen one = client.message();
    Seen two = client.message();
    client.settle(client.session.acknowledge(two.headers.get("ack"), true));
    client.settle(client.session.acknowledge(one.headers.get("ack"), false));
    Seen again = client.message();
    client.settle(client.session.acknowledge(again.headers.get("ack"), true));
    client.disconnect();
    return fields("given", List.of(one.text(), two.text()), "again",
        List.of(again.text(), String.valueOf(again.headers.get("redelivered"))));
  }

  private static Object large(Door door) throws Exception {
    // 64 KiB to the byte: of what JSON must escape, and of characters of two and four bytes.
    return echo(door, "\"é🐎\\".repeat(8 * 1024), null);
  }

  private static Object split(Door door) throws Exception {
    // Spring cuts between bytes and would spoil a character of several.
    return echo(door, "\"x\\y".repeat(16 * 1024), 16 * 1024);
  }

  private static Object echo(Door door, String body, Integer partBytes) throws Exception {
    Client client = new Client(door, NO_BEATS);
    client.stomp.setOutboundMessageSizeLimit(partBytes);
    client.connect(new WebSocketHttpHeaders(), "secret");
    client.subscribe("/topic/large");
    int before = client.sent.get();
    client.send("/topic/large", body);
    int parts = client.sent.get() - before;
    Seen message = client.message();
    client.disconnect();
    return fields("parts", parts, "bytes", message.body.length, "same", message.text().equals(body));
  }

  private static Object many(Door door) throws Exception {
    Client client = door.open();
    client.subscribe("/topic/many");
    List<String> bodies = IntStream.range(0, 300).mapToObj(String::valueOf).toList();
    client.session.setAutoReceipt(false);
    for (String body : bodies) client.session.send("/topic/many", body);
    List<String> got = new ArrayList<>();
    while (got.size() < bodies.size()) got.add(client.message().text());
    client.disconnect();
    return fields("count", got.size(), "inOrder", got.equals(bodies));
  }

  private static Object binary(Door door) throws Exception {
    Client client = door.open();
    client.subscribe("/topic/bytes");
    client.session.setAutoReceipt(false);
    if (door.client instanceof SockJsClient) {
      // Spring itself sends no bytes over SockJS, so the server is asked for some.
      client.session.send("/app/bytes", "please");
      return fields("error", client.error(), "closed", client.closed());
    }
    byte[] every = new byte[256];
    for (int i = 0; i < every.length; i++) every[i] = (byte) i;
    StompHeaders headers = new StompHeaders();
    headers.setDestination("/topic/bytes");
    headers.setContentType(MimeTypeUtils.APPLICATION_OCTET_STREAM);
    client.session.send(headers, every);
    byte[] got = client.message().body;
    client.disconnect();
    return HexFormat.of().formatHex(got);
  }

  private static Object error(Door door) throws Exception {
    Client client = door.open();
    client.session.send("/nowhere", "x");
    return fields("error", client.error(), "lost", client.lost(), "closed", client.closed(), "connected",
        client.session.isConnected());
  }

  private static Object heartBeats(Door door) throws Exception {
    Client client = new Client(door, BEATS_MS);
    client.connect(new WebSocketHttpHeaders(), "secret");
    for (int i = 0; i < 5; i++) client.take(client.beats);
    // By now the server would have judged a silent client.
    client.send("/topic/beats", "still here");
    client.disconnect();
    return fields("offered", client.connected.getFirst("heart-beat"), "faults", client.faults.size());
  }

  private static Object silence(Door door) throws Exception {
    Client client = new Client(door, BEATS_MS);
    client.connect(new WebSocketHttpHeaders(), "secret");
    return fields("lost", client.lost(), "beats", client.beats.size(), "connected", client.session.isConnected());
  }

  private static Object serverEnds(Door door) throws Exception {
    Client client = door.open();
    client.session.setAutoReceipt(false);
    client.session.send("/app/end", "please");
    return fields("lost", client.lost(), "closed", client.closed(), "connected", client.session.isConnected());
  }

  /** One transport to one server. */
  private record Door(WebSocketClient client, String url) {
    Client open() throws Exception {
      Client client = new Client(this, NO_BEATS);
      client.connect(new WebSocketHttpHeaders(), "secret");
      return client;
    }
  }

  private record Seen(Map<String, String> headers, byte[] body) {
    String text() {
      return new String(body, UTF_8);
    }
  }

  /** Gives bodies as they are, whatever their type. */
  private static final class AnyBytes extends ByteArrayMessageConverter {
    @Override
    protected boolean supportsMimeType(MessageHeaders headers) {
      return true;
    }
  }

  /** One STOMP session, and all that Spring tells of it. */
  private static final class Client extends StompSessionHandlerAdapter implements WebSocketClient {
    final BlockingQueue<Seen> messages = new LinkedBlockingQueue<>();
    final BlockingQueue<Seen> errors = new LinkedBlockingQueue<>();
    final BlockingQueue<String> faults = new LinkedBlockingQueue<>();
    final BlockingQueue<String> beats = new LinkedBlockingQueue<>();
    final AtomicInteger sent = new AtomicInteger();
    private final CompletableFuture<CloseStatus> ended = new CompletableFuture<>();
    private final Door door;
    private final WebSocketStompClient stomp = new WebSocketStompClient(this);
    private final BlockingQueue<StompHeaders> greetings = new LinkedBlockingQueue<>();
    StompSession session;
    StompHeaders connected;

    Client(Door door, long[] beatsMs) {
      this.door = door;
      stomp.setMessageConverter(new CompositeMessageConverter(
          List.of(new StringMessageConverter(UTF_8), new AnyBytes(), new MappingJackson2MessageConverter())));
      stomp.setTaskScheduler(SCHEDULER);
      stomp.setDefaultHeartbeat(beatsMs);
      stomp.setInboundMessageSizeLimit(MAX_BYTES);
      stomp.setReceiptTimeLimit(PATIENCE_SECONDS * 1_000L);
    }

    /** Without a passcode nobody logs in. */
    void connect(WebSocketHttpHeaders http, String passcode) throws Exception {
      StompHeaders headers = new StompHeaders();
      if (passcode != null) {
        headers.setLogin("clients");
        headers.setPasscode(passcode);
      }
      session = stomp.connectAsync(URI.create(door.url), http, headers, this).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      session.setAutoReceipt(true);
      // Spring tells of it after it has given the session.
      connected = take(greetings);
    }

    void subscribe(String destination) throws Exception {
      settle(session.subscribe(destination, this));
    }

    void send(String destination, Object body) throws Exception {
      settle(session.send(destination, body));
    }

    /** Waits for the RECEIPT; its id. */
    String settle(StompSession.Receiptable asked) throws Exception {
      CompletableFuture<String> told = new CompletableFuture<>();
      asked.addReceiptTask((StompHeaders headers) -> told.complete(headers.getReceiptId()));
      asked.addReceiptLostTask(() -> told.completeExceptionally(new TimeoutException("no RECEIPT: " + faults + errors)));
      return told.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    Seen message() throws Exception {
      return take(messages);
    }

    /** The next of a queue; if none comes, Spring may have said why. */
    <T> T take(BlockingQueue<T> queue) throws Exception {
      T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) throw new TimeoutException("nothing came: " + faults + errors);
      return next;
    }

    /** The ERROR frame: its code, its message, and whether its body says more. */
    List<Object> error() throws Exception {
      Seen error = take(errors);
      return List.of(error.headers.get("code"), error.headers.get("message"), error.body.length > 0);
    }

    /** What Spring says when it gives the connection up. It may have told of failures to write before. */
    String lost() throws Exception {
      String fault = take(faults);
      while (!fault.startsWith("ConnectionLostException")) fault = take(faults);
      return fault.replaceFirst(" in session id=.*", "");
    }

    int closed() throws Exception {
      return ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getCode();
    }

    /** Spring closes at once and waits for no RECEIPT. */
    void disconnect() {
      StompHeaders headers = new StompHeaders();
      headers.setReceipt("bye");
      session.disconnect(headers);
    }

    @Override
    public Type getPayloadType(StompHeaders headers) {
      return byte[].class;
    }

    @Override
    public void handleFrame(StompHeaders headers, Object payload) {
      boolean isMessage = headers.getSubscription() != null;
      (isMessage ? messages : errors).add(new Seen(headers.toSingleValueMap(), payload == null ? new byte[0] : (byte[]) payload));
    }

    @Override
    public void afterConnected(StompSession session, StompHeaders headers) {
      greetings.add(headers);
    }

    @Override
    public void handleException(StompSession session, StompCommand command, StompHeaders headers, byte[] body, Throwable fault) {
      faults.add(fault.toString());
    }

    @Override
    public void handleTransportError(StompSession session, Throwable fault) {
      faults.add(fault.getClass().getSimpleName() + ": " + fault.getMessage());
    }

    @Override
    public CompletableFuture<WebSocketSession> execute(WebSocketHandler handler, String url, Object... variables) {
      throw new UnsupportedOperationException("Spring's client asks with a URI");
    }

    /** Between Spring's STOMP and its transport: sees heart-beats and close codes, which it does not tell. */
    @Override
    public CompletableFuture<WebSocketSession> execute(WebSocketHandler handler, WebSocketHttpHeaders headers, URI url) {
      return door.client.execute(new WebSocketHandlerDecorator(handler) {
        @Override
        public void afterConnectionEstablished(WebSocketSession session) throws Exception {
          super.afterConnectionEstablished(new WebSocketSessionDecorator(session) {
            @Override
            public void sendMessage(WebSocketMessage<?> message) throws IOException {
              sent.incrementAndGet();
              super.sendMessage(message);
            }
          });
        }

        @Override
        public void handleMessage(WebSocketSession session, WebSocketMessage<?> message) throws Exception {
          if ("\n".equals(message.getPayload())) beats.add("beat");
          super.handleMessage(session, message);
        }

        @Override
        public void afterConnectionClosed(WebSocketSession session, CloseStatus status) throws Exception {
          super.afterConnectionClosed(session, status);
          ended.complete(status);
        }
      }, headers, url);
    }
  }

  private static Map<String, Object> fields(Object... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return fields;
  }

  private static WebSocketClient webSocket() {
    WsWebSocketContainer container = new WsWebSocketContainer();
    container.setDefaultMaxTextMessageBufferSize(MAX_BYTES);
    container.setDefaultMaxBinaryMessageBufferSize(MAX_BYTES);
    return new StandardWebSocketClient(container);
  }

  private static WebSocketClient sockJs(Transport transport) {
    SockJsClient client = new SockJsClient(List.of(transport));
    client.start();
    return client;
  }

  private static Transport polling(AbstractXhrTransport transport) {
    transport.setXhrStreamingDisabled(true);
    return transport;
  }

  private static Door door(Map<String, WebSocketClient> clients, String transport, String port) {
    String authority = "://127.0.0.1:" + port + "/stomp";
    return switch (transport) {
      case "plain" -> new Door(clients.get("websocket"), "ws" + authority);
      case "raw" -> new Door(clients.get("websocket"), "ws" + authority + "/websocket");
      default -> new Door(clients.get(transport), "http" + authority);
    };
  }

  private static synchronized void answer(Map<String, Object> line) {
    try {
      System.out.println(JSON.writeValueAsString(line));
    } catch (IOException fault) {
      throw new IllegalStateException(fault);
    }
  }

  public static void main(String[] none) throws Exception {
    SCHEDULER.setPoolSize(4);
    SCHEDULER.initialize();
    Map<String, WebSocketClient> clients = Map.of(
        "websocket", webSocket(),
        "sockjs-websocket", sockJs(new WebSocketTransport(webSocket())),
        "sockjs-xhr-streaming", sockJs(new RestTemplateXhrTransport()),
        "sockjs-xhr-polling", sockJs(polling(new RestTemplateXhrTransport())),
        "sockjs-jetty-streaming", sockJs(new JettyXhrTransport(new HttpClient())));
    answer(fields("id", "ready"));
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] asked = line.split(" ");
      new Thread(() -> {
        try {
          Object result = SCENARIOS.get(asked[2]).run(door(clients, asked[1], asked[3]));
          answer(fields("id", asked[0], "result", result));
        } catch (Exception fault) {
          answer(fields("id", asked[0], "error", fault.toString()));
        }
      }).start();
    }
    // Threads of the transports would go on.
    System.exit(0);
  }
}

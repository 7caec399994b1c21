package bench;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Lazy;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.simp.broker.SimpleBrokerMessageHandler;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.ExecutorChannelInterceptor;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

/**
 * Spring's simple broker as it comes, with heart-beats; two things are made like those of the other servers: messages of
 * one publisher keep their order, and SUBSCRIBE with a receipt gets it, which the simple broker itself does not give. With
 * relay.port it is Spring's relay to a broker at that port of 127.0.0.1 instead, as it comes.
 */
@SpringBootApplication
@EnableWebSocketMessageBroker
public class SimpleBroker implements WebSocketMessageBrokerConfigurer {
  private static final long[] HEART_BEAT_MS = {10_000, 10_000};

  private final MessageChannel outbound;
  private final int relayPort;

  public SimpleBroker(
      @Lazy @Qualifier("clientOutboundChannel") MessageChannel outbound, @Value("${relay.port:0}") int relayPort) {
    this.outbound = outbound;
    this.relayPort = relayPort;
  }

  public static void main(String[] arguments) {
    SpringApplication.run(SimpleBroker.class, arguments);
  }

  @Override
  public void registerStompEndpoints(StompEndpointRegistry registry) {
    registry.setPreserveReceiveOrder(true);
    registry.addEndpoint("/ws").setAllowedOrigins("*");
  }

  @Override
  public void configureMessageBroker(MessageBrokerRegistry registry) {
    registry.setPreservePublishOrder(true);
    if (relayPort > 0) {
      registry.enableStompBrokerRelay("/topic").setRelayHost("127.0.0.1").setRelayPort(relayPort).setVirtualHost("/");
      return;
    }
    ThreadPoolTaskScheduler beats = new ThreadPoolTaskScheduler();
    beats.initialize();
    registry.enableSimpleBroker("/topic").setTaskScheduler(beats).setHeartbeatValue(HEART_BEAT_MS);
  }

  @Override
  public void configureClientInboundChannel(ChannelRegistration registration) {
    registration.interceptors(new Receipts());
  }

  private final class Receipts implements ExecutorChannelInterceptor {
    @Override
    public void afterMessageHandled(Message<?> message, MessageChannel channel, MessageHandler handler, Exception thrown) {
      if (!(handler instanceof SimpleBrokerMessageHandler)) return;
      StompHeaderAccessor asked = StompHeaderAccessor.wrap(message);
      if (asked.getCommand() != StompCommand.SUBSCRIBE || asked.getReceipt() == null) return;
      StompHeaderAccessor receipt = StompHeaderAccessor.create(StompCommand.RECEIPT);
      receipt.setReceiptId(asked.getReceipt());
      receipt.setSessionId(asked.getSessionId());
      outbound.send(MessageBuilder.createMessage(new byte[0], receipt.getMessageHeaders()));
    }
  }
}

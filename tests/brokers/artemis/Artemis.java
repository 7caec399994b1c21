import java.io.File;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** Runs the broker that a configuration file describes, until the process is ended. */
public final class Artemis {
  private Artemis() {}

  public static void main(String[] args) throws Exception {
    EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    broker.setConfigResourcePath(new File(args[0]).toURI().toString());
    broker.start();
  }
}

package attolytics.bench.process;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** How much the threads of another JVM have allocated, as it counts itself, to the byte. */
public final class Allocations implements AutoCloseable {
  /**
   * Bytes since the threads were started.
   *
   * @param all but for the threads that serve this question
   * @param writers of those, the threads that write to the database
   */
  public record Bytes(long all, long writers) {}

  private final JMXConnector connector;
  private final ThreadMXBean threads;

  private Allocations(JMXConnector connector) throws IOException {
    this.connector = connector;
    threads =
        ManagementFactory.newPlatformMXBeanProxy(
            connector.getMBeanServerConnection(),
            ManagementFactory.THREAD_MXBEAN_NAME,
            ThreadMXBean.class);
  }

  /** Asks the JVM of that process to answer; it has to be of the same user. */
  @SuppressWarnings("BanJNDI") // the address is that of a process that we have started
  public static Allocations of(long pid) throws IOException {
    VirtualMachine machine = null;
    try {
      machine = VirtualMachine.attach(Long.toString(pid));
      String address = machine.startLocalManagementAgent();
      return new Allocations(JMXConnectorFactory.connect(new JMXServiceURL(address)));
    } catch (AttachNotSupportedException e) {
      throw new IOException(e);
    } finally {
      if (machine != null) {
        machine.detach();
      }
    }
  }

  public Bytes now() {
    long[] ids = threads.getAllThreadIds();
    long[] bytes = threads.getThreadAllocatedBytes(ids);
    ThreadInfo[] infos = threads.getThreadInfo(ids);
    long all = 0;
    long writers = 0;
    for (int i = 0; i < ids.length; i++) {
      String name = infos[i] == null ? "" : infos[i].getThreadName();
      if (bytes[i] > 0 && !name.startsWith("RMI ") && !name.startsWith("JMX ")) {
        all += bytes[i];
        writers += name.startsWith("writer-") ? bytes[i] : 0;
      }
    }
    return new Bytes(all, writers);
  }

  @Override
  public void close() throws IOException {
    connector.close();
  }
}

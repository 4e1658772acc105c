package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.settings.TrustedProxies;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {
  private static final TrustedProxies PROXIES =
      TrustedProxies.parse("127.0.0.0/8, ::1, 10.0.0.0/8, fd00::/8");

  private static String client(String peer, @Nullable String forwardedFor) throws Exception {
    List<String> values = forwardedFor == null ? null : List.of(forwardedFor.split(";", -1));
    return ClientAddress.of(InetAddress.getByName(peer), values, PROXIES);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, , 192.0.2.1", // no proxy
    "192.0.2.1, '198.51.100.7', 192.0.2.1", // not a trusted one
    "127.0.0.1, , 127.0.0.1",
    "127.0.0.1, '198.51.100.7', 198.51.100.7",
    "127.0.0.1, '1.1.1.1, 198.51.100.7', 198.51.100.7", // the first is what the client claims
    "127.0.0.1, '1.1.1.1, 198.51.100.7, 10.1.2.3', 198.51.100.7",
    "127.0.0.1, '1.1.1.1;198.51.100.7;10.1.2.3', 198.51.100.7", // of several headers
    "127.0.0.1, '10.1.1.1, 10.2.2.2', 10.1.1.1", // all are trusted
    "127.0.0.1, '1.1.1.1, unknown, 10.2.2.2', 10.2.2.2",
    "127.0.0.1, '1.1.1.1, unknown', 127.0.0.1",
    "127.0.0.1, '', 127.0.0.1",
    "127.0.0.1, '198.51.100.7:4711', 127.0.0.1",
    "127.0.0.1, 'localhost', 127.0.0.1",
    "127.0.0.1, '127.1', 127.0.0.1", // not written as an address
    "::1, ' 2001:DB8:0:0:1::1 ', 2001:db8::1:0:0:1",
    "::1, 'fd00::1', fd00::1",
    "::1, '2001:db8::', 2001:db8::",
    "::1, '1:0:2:0:3:0:4:0', 1:0:2:0:3:0:4:0",
    "::1, '::', ::",
    "::1, '::ffff:198.51.100.7', 198.51.100.7"
  })
  void of_isTheRightMostThatIsNotATrustedProxy(
      String peer, @Nullable String forwardedFor, String client) throws Exception {
    assertEquals(client, client(peer, forwardedFor));
  }

  /** A client can make up whatever is before its own address. */
  @Test
  void longHeader_isReadFromItsEndOnly() throws Exception {
    InetAddress peer = InetAddress.getLoopbackAddress();
    List<String> values = List.of("a,".repeat(7_000), "a,".repeat(7_000) + "192.0.2.1, 10.1.1.1");
    assertEquals("192.0.2.1", ClientAddress.of(peer, values, PROXIES));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    ClientAddress.of(peer, values, PROXIES);
    long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertTrue(allocated < 32 << 10, () -> allocated + " bytes");
  }
}

package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TypesIT compares the same addresses with PostgreSQL's own. */
class InetTest {
  private final CopyBuffer out = new CopyBuffer(0, 100);

  private boolean put(String text) {
    byte[] bytes = ("9" + text + ":").getBytes(StandardCharsets.UTF_8); // not a part of it
    return Inet.put(bytes, 1, bytes.length - 2, out);
  }

  private String written() {
    return HexFormat.of().formatHex(out.array(), 0, out.size());
  }

  @ParameterizedTest
  @CsvSource({
    "1.2.3.4, 20, 01020304",
    "0.0.0.0/0, 00, 00000000",
    "255.255.255.255/32, 20, ffffffff",
    "10.20.100.199/9, 09, 0a1464c7"
  })
  void ipv4_isFamilyPrefixAndAddress(String text, String prefix, String address) {
    assertTrue(put(text));
    assertEquals("00000008" + "02" + prefix + "0004" + address, written());
  }

  @ParameterizedTest
  @CsvSource({
    "::, 80, 00000000000000000000000000000000",
    "::/0, 00, 00000000000000000000000000000000",
    "::1/128, 80, 00000000000000000000000000000001",
    "1::, 80, 00010000000000000000000000000000",
    "1::8, 80, 00010000000000000000000000000008",
    "1:2:3:4:5:6:7:8, 80, 00010002000300040005000600070008",
    "1:2:3:4:5:6:7::, 80, 00010002000300040005000600070000",
    "::2:3:4:5:6:7:8, 80, 00000002000300040005000600070008",
    "1:2:3::6:7:8, 80, 00010002000300000000000600070008",
    "fe80::1/64, 40, fe800000000000000000000000000001",
    "FFFF:abcd:0:9::, 80, ffffabcd000000090000000000000000",
    "::ffff:1.2.3.4, 80, 00000000000000000000ffff01020304",
    "::1.2.3.4, 80, 00000000000000000000000001020304",
    "1:2:3:4:5:6:1.2.3.4, 80, 00010002000300040005000601020304",
    "64:ff9b::1.2.3.4/96, 60, 0064ff9b000000000000000001020304"
  })
  void ipv6_isFamilyPrefixAndAddress(String text, String prefix, String address) {
    assertTrue(put(text));
    assertEquals("00000014" + "03" + prefix + "0010" + address, written());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.04",
        "1..3.4",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.1000",
        "a.b.c.d",
        "1.2.3.:",
        "1.2.3.4/33",
        "1.2.3.4/",
        "1.2.3.4/01",
        "1.2.3.4/a",
        "1.2.3.4/1/2",
        "/8",
        "１.2.3.4",
        ":",
        ":::",
        "1:",
        "::1::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8",
        "12345::",
        "g::",
        "::1/129",
        "::/",
        "::1.2.3",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::",
        "::1.2.3.256",
        "1:2:3:4:5:1.2.3.4",
        "::é"
      })
  void whatIsNoAddress_isRefused(String text) {
    assertFalse(put(text));
  }
}

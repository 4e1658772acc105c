package attolytics.admin;

import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page that shows {@link StatusReport}s, and the runbook that it links to. Its
 * headers allow it what comes from this port, and nothing inline.
 */
final class StatusPage {
  /** A file, with its content type. */
  record PageFile(String contentType, String name) {
    byte[] read() {
      return Resource.read(name);
    }
  }

  private static final String HTML = "text/html; charset=utf-8";
  private static final String CSS = "text/css; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8"; // which browsers show
  private static final String JAVASCRIPT = "text/javascript; charset=utf-8";

  private static final List<String> SCRIPTS =
      List.of(
          "status.js",
          "outages.js",
          "history.js",
          "charts.js",
          "advice.js",
          "elements.js",
          "format.js");

  /** The security headers of the page. */
  static final Map<HttpString, String> HEADERS =
      Map.of(
          new HttpString("Content-Security-Policy"),
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          new HttpString("Referrer-Policy"),
          "no-referrer");

  private static final Map<String, PageFile> FILES = files();

  private StatusPage() {}

  /** The file at a path, or null. */
  static @Nullable PageFile file(String path) {
    return FILES.get(path);
  }

  private static Map<String, PageFile> files() {
    Map<String, PageFile> files = new HashMap<>();
    files.put("/", own("status.html", HTML));
    files.put("/status.css", own("status.css", CSS));
    for (String script : SCRIPTS) {
      files.put("/" + script, own(script, JAVASCRIPT));
    }
    files.put("/runbook.md", new PageFile(TEXT, "/attolytics/RUNBOOK.md"));
    files.put("/uplot.css", uplots("uPlot.min.css", CSS));
    files.put("/uplot.js", uplots("uPlot.iife.min.js", JAVASCRIPT));
    return Map.copyOf(files);
  }

  private static PageFile own(String name, String contentType) {
    return new PageFile(contentType, "/attolytics/status/" + name);
  }

  /** A file of uPlot, which draws the charts. Its WebJar has its version in the path. */
  private static PageFile uplots(String name, String contentType) {
    String directory = "/META-INF/resources/webjars/uplot/" + uplotVersion() + "/dist/";
    return new PageFile(contentType, directory + name);
  }

  private static String uplotVersion() {
    byte[] text = Resource.read("/META-INF/maven/org.webjars.npm/uplot/pom.properties");
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(new String(text, StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    return properties.getProperty("version");
  }
}

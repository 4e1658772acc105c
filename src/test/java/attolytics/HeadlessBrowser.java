package attolytics;

import static org.junit.jupiter.api.Assumptions.abort;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An installed Chromium without a window, for tests that need a real browser. Where it or the
 * Node.js that drives it is missing, the test is skipped. To be used by one thread.
 */
public final class HeadlessBrowser implements AutoCloseable {
  private static final int OLDEST_NODE = 20;
  private static final String BUNDLED_NODE =
      "/META-INF/maven/com.microsoft.playwright/driver-bundle/pom.xml";
  private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\.");

  private final Playwright playwright;
  private final Browser browser;

  private HeadlessBrowser(Playwright playwright, Browser browser) {
    this.playwright = playwright;
    this.browser = browser;
  }

  /** Starts the browser, or skips the test that asks for it. */
  public static HeadlessBrowser open() throws IOException {
    Path chromium = program("chromium", "chromium-browser", "google-chrome");
    if (chromium == null) {
      return abort("there is no Chromium here: install Debian's package chromium");
    }
    Map<String, String> environment = new HashMap<>();
    environment.put("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    Path node = program("node", "nodejs");
    if (node != null && version(node) >= OLDEST_NODE) {
      environment.put("PLAYWRIGHT_NODEJS_PATH", node.toString());
    } else if (HeadlessBrowser.class.getResource(BUNDLED_NODE) == null) {
      return abort(
          "Chromium is driven by Node.js %d or newer: install it, or run Maven with -Pbundled-node"
              .formatted(OLDEST_NODE));
    }
    Playwright playwright = Playwright.create(new Playwright.CreateOptions().setEnv(environment));
    return new HeadlessBrowser(
        playwright,
        playwright.chromium().launch(new BrowserType.LaunchOptions().setExecutablePath(chromium)));
  }

  /** Pages of one user: they share cookies, storage and caches. */
  public BrowserContext newContext() {
    return browser.newContext();
  }

  /** A page that shares no cookies, caches or permissions with another. */
  public Page newPage() {
    return browser.newPage();
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }

  private static @Nullable Path program(String... names) {
    String[] directories = String.valueOf(System.getenv("PATH")).split(File.pathSeparator, -1);
    return Stream.of(names)
        .flatMap(name -> Stream.of(directories).map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  private static int version(Path node) throws IOException {
    Process process = new ProcessBuilder(node.toString(), "--version").start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher version = NODE_VERSION.matcher(said);
    return version.lookingAt() ? Integer.parseInt(version.group(1)) : 0;
  }
}

package attolytics.database;

import java.io.EOFException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Why the database could not be used, in a few words that fit into a line of the log. Those of the
 * driver are whole sentences, which name the cause of a lost connection only in the exceptions that
 * they wrap.
 */
final class FailureCause {
  /** Of an attempt to connect. */
  private static final String CANNOT_CONNECT = "08001";

  private static final Pattern REFUSED_BY = Pattern.compile("^Connection to (\\S+) refused");

  private FailureCause() {}

  /** The cause in plain words, else the innermost message, and the SQLSTATE. */
  static String of(SQLException e) {
    String network = ofNetwork(e);
    String state = driversOwn(e).getSQLState();
    String words = network == null ? innermostMessage(e) : network;
    return state == null ? words : words + ", SQLSTATE " + state;
  }

  /** The same without the SQLSTATE, if the network or the pool is the cause; else null. */
  static @Nullable String ofNetwork(SQLException e) {
    Throwable root = root(e);
    String words = networkWords(root);
    SQLException driver = driversOwn(e);
    if (words == null || !CANNOT_CONNECT.equals(driver.getSQLState())) {
      return root instanceof SocketException ? "the connection is lost: " + words : words;
    }
    Matcher refused = REFUSED_BY.matcher(String.valueOf(driver.getMessage()));
    return "cannot connect" + (refused.find() ? " to " + refused.group(1) : "") + ": " + words;
  }

  private static @Nullable String networkWords(Throwable root) {
    String message = String.valueOf(root.getMessage());
    if (root instanceof UnknownHostException) {
      return "unknown host " + message;
    }
    if (root instanceof SocketTimeoutException) {
      return "the server did not respond in time";
    }
    if (root instanceof EOFException && root.getMessage() == null) {
      return "the server closed the connection";
    }
    if (root instanceof SocketException) {
      return lowerCase(message);
    }
    return root instanceof SQLTransientConnectionException
        ? "the pool gave no connection in time"
        : null;
  }

  private static String innermostMessage(SQLException e) {
    String message = String.valueOf(e.getMessage());
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      message = cause.getMessage() == null ? message : cause.getMessage();
    }
    return withoutFullStop(message.lines().findFirst().orElse(""));
  }

  static String withoutFullStop(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  private static String lowerCase(String sentence) {
    return sentence.isEmpty()
        ? sentence
        : Character.toLowerCase(sentence.charAt(0)) + withoutFullStop(sentence.substring(1));
  }

  private static Throwable root(Throwable e) {
    return e.getCause() == null ? e : root(e.getCause());
  }

  /** Without what the pool puts around it. */
  private static SQLException driversOwn(SQLException e) {
    return e.getCause() instanceof SQLException cause ? driversOwn(cause) : e;
  }
}

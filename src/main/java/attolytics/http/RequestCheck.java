package attolytics.http;

import attolytics.decode.Decoded;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused once its body is decoded, in the order of precedence of the
 * documentation.
 *
 * @param maxRows the maximum number of events
 * @param handling of invalid events
 */
record RequestCheck(int maxRows, Handling handling) {
  private static final String TWO_KEYS =
      "there is a secret_key in the body and one in the header Authorization: both have to be one of"
          + " those that the schema file has for the app";

  /**
   * @param hasBearer whether the secret key is in a header
   * @param bearerRight whether the one in the header, if there is one, is the app's
   */
  @Nullable Refusal refusal(Decoded decoded, boolean hasBearer, boolean bearerRight) {
    int events = decoded.events();
    if (events > maxRows) {
      return Refusal.of(
          Problem.BODY_TOO_LARGE, "the maximum number of events per request is " + maxRows, events);
    }
    if (decoded.malformed() != null) {
      return Refusal.of(Problem.MALFORMED_BODY, decoded.malformed(), events);
    }
    if (decoded.invalidShape() != null) {
      return Refusal.of(Problem.INVALID_REQUEST, decoded.invalidShape(), events);
    }
    if (decoded.secretKey() == null && !hasBearer) {
      return Refusal.of(
          Problem.INVALID_REQUEST,
          "secret_key is missing, and so is the header Authorization: Bearer",
          events);
    }
    if (decoded.wrongSecretKey() || !bearerRight) {
      boolean hasTwo = decoded.secretKey() != null && hasBearer;
      return Refusal.of(Problem.WRONG_SECRET_KEY, hasTwo ? TWO_KEYS : null, events);
    }
    if (decoded.unknownTable() != null) {
      return Refusal.unknownTable(decoded.unknownTable(), handling.whyStrict(), events);
    }
    if (decoded.anyEventInvalid() && decoded.lenient() == null) {
      return new Refusal(
          Problem.INVALID_EVENTS,
          "nothing of the request is stored" + handling.whyStrict(),
          List.copyOf(decoded.errors()),
          events);
    }
    return null;
  }
}

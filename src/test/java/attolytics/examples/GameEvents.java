package attolytics.examples;

import attolytics.examples.GameTraffic.Attempt;
import attolytics.examples.GameTraffic.Booking;
import attolytics.examples.GameTraffic.Failure;
import attolytics.examples.GameTraffic.Player;
import attolytics.examples.GameTraffic.Purchase;
import attolytics.examples.GameTraffic.Session;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The events of a game, as its clients send them: what has a default is left out. */
final class GameEvents {
  private final GameTraffic game;

  GameEvents(GameTraffic game) {
    this.game = game;
  }

  /** All but those of the players themselves. */
  List<String> ofPlaying() {
    List<String> events = new ArrayList<>();
    game.sessions.forEach(session -> add(events, session));
    game.purchases.forEach(purchase -> events.add(of(purchase)));
    game.attempts.forEach(attempt -> events.add(of(attempt)));
    game.bookings.forEach(booking -> events.add(of(booking)));
    game.failures.forEach(failure -> events.add(of(failure)));
    return events;
  }

  String of(Player player) {
    Map<String, @Nullable Object> event = event("players", player, player.time());
    event.put("platform", player.platform());
    event.put("country", unless("ZZ", player.country()));
    event.put("acquired_by", unless("organic", player.campaign()));
    event.put("tags", player.tags().isEmpty() ? null : player.tags());
    event.put("model", player.model());
    return json(event);
  }

  private void add(List<String> events, Session session) {
    Map<String, @Nullable Object> start = event(session, session.start(), "start");
    start.put("localDay", GameTraffic.day(session.start()).toString());
    events.add(json(start));
    if (!session.crashed()) {
      Map<String, @Nullable Object> end = event(session, session.end(), "end");
      end.put("seconds", session.seconds());
      end.put("fps", session.framesPerSecond());
      end.put("battery", Map.of("level", 0.5, "charging", false)); // no column has that
      events.add(json(end));
    }
  }

  private Map<String, @Nullable Object> event(Session session, long time, String kind) {
    Map<String, @Nullable Object> event = event("sessions", session.player(), time);
    event.put("kind", kind);
    event.put("sessionId", session.id().toString());
    event.put("platform", session.player().platform());
    event.put("country", unless("ZZ", session.player().country()));
    event.put("version", unless("unknown", session.version()));
    event.put("experiments", session.experiments());
    return event;
  }

  private String of(Purchase purchase) {
    Map<String, @Nullable Object> event = event("purchases", purchase.player(), purchase.time());
    event.put("product", purchase.product());
    event.put("quantity", purchase.quantity() == 1 ? null : purchase.quantity());
    event.put("price", purchase.price());
    event.put("currency", purchase.currency());
    event.put("usd", purchase.usd().toPlainString()); // as a string, or as a number above
    event.put("sandbox", purchase.sandbox() ? true : null);
    event.put("country", unless("ZZ", purchase.player().country()));
    return json(event);
  }

  private String of(Attempt attempt) {
    Map<String, @Nullable Object> event = event("progression", attempt.player(), attempt.time());
    event.put("level", attempt.level());
    event.put("outcome", attempt.outcome());
    event.put("score", attempt.score());
    event.put("rewards", attempt.rewards());
    return json(event);
  }

  private String of(Booking booking) {
    Map<String, @Nullable Object> event = event("economy", booking.player(), booking.time());
    event.put("time", Instant.ofEpochMilli(booking.time()).toString());
    event.put("currency", booking.currency());
    event.put("amount", booking.amount());
    event.put("reason", unless("other", booking.reason()));
    return json(event);
  }

  private String of(Failure failure) {
    Session session = failure.session();
    Map<String, @Nullable Object> event = event("errors", session.player(), failure.time());
    event.put("kind", failure.kind());
    event.put("sessionId", session.id().toString());
    event.put("message", failure.message());
    event.put("context", Map.of("freeMb", failure.freeMb(), "stack", List.of("main", "loop")));
    event.put("platform", session.player().platform());
    event.put("version", unless("unknown", session.version()));
    return json(event);
  }

  private Map<String, @Nullable Object> event(String table, Player player, long time) {
    Map<String, @Nullable Object> event = new LinkedHashMap<>();
    event.put("_t", table);
    event.put("event_id", game.nextId().toString());
    event.put("time", time);
    event.put("playerId", player.id().toString());
    return event;
  }

  private static @Nullable String unless(String defaultValue, String value) {
    return value.equals(defaultValue) ? null : value;
  }

  private static String json(Map<String, @Nullable Object> event) {
    return new JsonObject(event).encode();
  }
}

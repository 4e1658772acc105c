package attolytics.examples;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;

import attolytics.examples.GameTraffic.Attempt;
import attolytics.examples.GameTraffic.Booking;
import attolytics.examples.GameTraffic.Failure;
import attolytics.examples.GameTraffic.Player;
import attolytics.examples.GameTraffic.Purchase;
import attolytics.examples.GameTraffic.Session;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the queries have to return, by their names: a line for each row, with a bar between values.
 */
final class GameFigures {
  private final GameTraffic game;
  private final List<Purchase> paid;
  private final Map<LocalDate, Set<Player>> active;
  private final Map<String, Supplier<List<String>>> byName = new LinkedHashMap<>();

  GameFigures(GameTraffic game) {
    this.game = game;
    this.paid = game.purchases.stream().filter(purchase -> !purchase.sandbox()).toList();
    this.active =
        game.sessions.stream()
            .collect(
                groupingBy(
                    session -> GameTraffic.day(session.start()),
                    TreeMap::new,
                    mapping(Session::player, toSet())));
    byName.put("daily_active_players", this::dailyActivePlayers);
    byName.put("stickiness", this::stickiness);
    byName.put("new_and_returning_players", this::newAndReturningPlayers);
    byName.put("retention_by_cohort", this::retentionByCohort);
    byName.put("churn", this::churn);
    byName.put("revenue_by_day_and_country", this::revenueByDayAndCountry);
    byName.put("arpu_and_arppu", this::arpuAndArppu);
    byName.put("conversion", this::conversion);
    byName.put("value_by_campaign", this::valueByCampaign);
    byName.put("best_selling_products", this::bestSellingProducts);
    byName.put("session_length", this::sessionLength);
    byName.put("concurrent_players", this::concurrentPlayers);
    byName.put("level_funnel", this::levelFunnel);
    byName.put("level_difficulty", this::levelDifficulty);
    byName.put("economy", this::economy);
    byName.put("crash_rate_by_version", this::crashRateByVersion);
    byName.put("most_frequent_errors", this::mostFrequentErrors);
    byName.put("experiments", this::experiments);
    byName.put("frame_rate_by_device", this::frameRateByDevice);
    byName.put("players_per_network", this::playersPerNetwork);
  }

  Set<String> names() {
    return byName.keySet();
  }

  List<String> of(String name) {
    Supplier<List<String>> rows = byName.get(name);
    if (rows == null) {
      throw new IllegalArgumentException("unknown query " + name);
    }
    return rows.get();
  }

  private List<String> dailyActivePlayers() {
    return rows(active, (day, players) -> row(day, players.size()));
  }

  private List<String> stickiness() {
    return rows(
        active,
        (day, players) -> {
          Set<Player> ofMonth = new HashSet<>();
          for (int i = 0; i < 28; i++) {
            ofMonth.addAll(active.getOrDefault(day.minusDays(i), Set.of()));
          }
          return row(day, players.size(), ofMonth.size(), ratio(players.size(), ofMonth.size(), 3));
        });
  }

  private List<String> newAndReturningPlayers() {
    return rows(
        active,
        (day, players) -> {
          long fresh =
              players.stream().filter(each -> GameTraffic.day(each.time()).equals(day)).count();
          return row(day, fresh, players.size() - fresh);
        });
  }

  private List<String> retentionByCohort() {
    return rowsBy(
        game.players,
        player -> GameTraffic.day(player.time()),
        (day, cohort) ->
            row(
                day,
                cohort.size(),
                retention(cohort, day.plusDays(1)),
                retention(cohort, day.plusDays(3)),
                retention(cohort, day.plusDays(7))));
  }

  private BigDecimal retention(List<Player> cohort, LocalDate day) {
    long back = cohort.stream().filter(active.getOrDefault(day, Set.of())::contains).count();
    return ratio(back, cohort.size(), 3);
  }

  private List<String> churn() {
    LocalDate end = active.keySet().stream().max(Comparator.naturalOrder()).orElseThrow();
    Set<Player> stayed = new HashSet<>();
    active.forEach(
        (day, players) -> {
          if (!day.isBefore(end.minusDays(7))) {
            stayed.addAll(players);
          }
        });
    return rowsBy(
        game.players,
        Player::platform,
        (platform, players) -> {
          long lost = players.stream().filter(player -> !stayed.contains(player)).count();
          return row(platform, players.size(), lost, ratio(lost, players.size(), 3));
        });
  }

  private List<String> revenueByDayAndCountry() {
    return rowsBy(
        paid,
        each -> GameTraffic.day(each.time()) + "|" + each.player().country(),
        (key, purchases) -> row(key, purchases.size(), usd(purchases)));
  }

  private List<String> arpuAndArppu() {
    Map<LocalDate, List<Purchase>> byDay = by(paid, each -> GameTraffic.day(each.time()));
    return rows(
        active,
        (day, players) -> {
          List<Purchase> purchases = byDay.getOrDefault(day, List.of());
          int payers = distinct(purchases, Purchase::player);
          BigDecimal usd = usd(purchases);
          return row(
              day, ratio(usd, players.size(), 4), payers == 0 ? null : ratio(usd, payers, 4));
        });
  }

  private List<String> conversion() {
    return rowsBy(
        game.players,
        Player::platform,
        (platform, players) -> {
          double[] days =
              players.stream()
                  .flatMap(player -> firstPayment(player).stream())
                  .mapToDouble(millis -> millis / 1e3)
                  .sorted()
                  .toArray();
          return row(
              platform,
              players.size(),
              days.length,
              ratio(days.length, players.size(), 3),
              rounded(percentile(days, 0.5) / 86_400));
        });
  }

  /** How long after its installation, in milliseconds; none if it never paid. */
  private List<Long> firstPayment(Player player) {
    return paid.stream()
        .filter(each -> each.player().equals(player))
        .map(each -> each.time() - player.time())
        .min(Comparator.naturalOrder())
        .stream()
        .toList();
  }

  private List<String> valueByCampaign() {
    return by(game.players, Player::campaign).entrySet().stream()
        .map(
            campaign -> {
              Set<Player> players = Set.copyOf(campaign.getValue());
              BigDecimal usd =
                  usd(paid.stream().filter(each -> players.contains(each.player())).toList());
              return new Ranked(
                  usd, row(campaign.getKey(), players.size(), usd, ratio(usd, players.size(), 4)));
            })
        .sorted()
        .map(Ranked::row)
        .toList();
  }

  private List<String> bestSellingProducts() {
    return by(paid, Purchase::product).entrySet().stream()
        .map(
            each -> {
              BigDecimal usd = usd(each.getValue());
              int units = each.getValue().stream().mapToInt(Purchase::quantity).sum();
              return new Ranked(
                  usd, row(each.getKey(), units, usd, distinct(each.getValue(), Purchase::player)));
            })
        .sorted()
        .map(Ranked::row)
        .toList();
  }

  private List<String> sessionLength() {
    return rowsBy(
        ended(),
        session -> session.player().platform(),
        (platform, sessions) -> {
          double[] seconds = sessions.stream().mapToDouble(Session::seconds).sorted().toArray();
          return row(
              platform,
              sessions.size(),
              ratio(sessions.size(), distinct(sessions, Session::player), 2),
              rounded(Arrays.stream(seconds).sum() / seconds.length),
              rounded(percentile(seconds, 0.5)),
              rounded(percentile(seconds, 0.95)));
        });
  }

  private List<Session> ended() {
    return game.sessions.stream().filter(session -> !session.crashed()).toList();
  }

  private List<String> concurrentPlayers() {
    List<long[]> changes = new ArrayList<>();
    for (Session session : ended()) {
      changes.add(new long[] {session.start(), 1});
      changes.add(new long[] {session.end(), -1});
    }
    changes.sort(Comparator.<long[]>comparingLong(each -> each[0]).thenComparing(each -> each[1]));
    Map<LocalDate, Long> most = new TreeMap<>();
    long now = 0;
    for (long[] change : changes) {
      now += change[1];
      most.merge(GameTraffic.day(change[0]), now, Math::max);
    }
    return rows(most, GameFigures::row);
  }

  private List<String> levelFunnel() {
    int all = playersWith(game.attempts, 1, "started");
    return rowsBy(
        game.attempts,
        Attempt::level,
        (level, attempts) -> {
          int completed = playersWith(attempts, level, "completed");
          return row(
              level, playersWith(attempts, level, "started"), completed, ratio(completed, all, 3));
        });
  }

  private static int playersWith(List<Attempt> attempts, int level, String outcome) {
    return distinct(
        attempts.stream()
            .filter(each -> each.level() == level && each.outcome().equals(outcome))
            .toList(),
        Attempt::player);
  }

  private List<String> levelDifficulty() {
    List<Attempt> ended =
        game.attempts.stream().filter(each -> !each.outcome().equals("started")).toList();
    return rowsBy(
        ended,
        Attempt::level,
        (level, attempts) -> {
          long failed = attempts.stream().filter(each -> each.outcome().equals("failed")).count();
          long completed = attempts.size() - failed;
          Long best =
              attempts.stream()
                  .map(Attempt::score)
                  .flatMap(Stream::ofNullable)
                  .max(Comparator.naturalOrder())
                  .orElse(null);
          return row(
              level,
              failed,
              ratio(failed, attempts.size(), 3),
              completed == 0 ? null : ratio(attempts.size(), completed, 2),
              best);
        });
  }

  private List<String> economy() {
    Map<String, List<Booking>> byCurrency = by(game.bookings, Booking::currency);
    return rowsBy(
        game.bookings,
        each -> each.currency() + "|" + each.reason(),
        (key, bookings) -> {
          long earned = bookings.stream().mapToLong(each -> Math.max(0, each.amount())).sum();
          long spent = bookings.stream().mapToLong(each -> Math.max(0, -each.amount())).sum();
          long all =
              byCurrency.getOrDefault(bookings.get(0).currency(), List.of()).stream()
                  .mapToLong(Booking::amount)
                  .sum();
          return row(key, earned == 0 ? null : earned, spent == 0 ? null : spent, all);
        });
  }

  private List<String> crashRateByVersion() {
    return rowsBy(
        game.sessions,
        Session::version,
        (version, sessions) -> {
          long crashed = sessions.stream().filter(Session::crashed).count();
          return row(version, sessions.size(), crashed, ratio(100 * crashed, sessions.size(), 2));
        });
  }

  private List<String> mostFrequentErrors() {
    return by(game.failures, each -> each.kind() + "|" + each.message()).entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<String, List<Failure>>>comparingInt(
                    each -> -each.getValue().size())
                .thenComparing(each -> each.getValue().get(0).message()))
        .limit(10)
        .map(
            each -> {
              List<Failure> failures = each.getValue();
              Set<String> versions = new TreeSet<>();
              failures.forEach(failure -> versions.add(failure.session().version()));
              return row(
                  each.getKey(),
                  failures.size(),
                  distinct(failures, failure -> failure.session().player()),
                  failures.stream().mapToInt(Failure::freeMb).min().orElseThrow(),
                  String.join(", ", versions));
            })
        .toList();
  }

  private List<String> experiments() {
    Map<String, Set<Player>> variants = new TreeMap<>();
    for (Session session : game.sessions) {
      for (String variant : session.experiments()) {
        variants.computeIfAbsent(variant, name -> new HashSet<>()).add(session.player());
      }
    }
    return rows(
        variants,
        (variant, players) -> {
          List<Purchase> purchases =
              paid.stream().filter(each -> players.contains(each.player())).toList();
          return row(
              variant,
              players.size(),
              distinct(purchases, Purchase::player),
              ratio(usd(purchases), players.size(), 4));
        });
  }

  private List<String> frameRateByDevice() {
    return by(ended(), session -> session.player().model()).entrySet().stream()
        .map(
            each -> {
              double[] rates =
                  each.getValue().stream().mapToDouble(Session::framesPerSecond).sorted().toArray();
              BigDecimal average = rounded(Arrays.stream(rates).sum() / rates.length);
              return new Ranked(
                  average.negate(),
                  row(
                      each.getKey(),
                      distinct(each.getValue(), Session::player),
                      rounded(rates[0]),
                      average));
            })
        .sorted()
        .map(Ranked::row)
        .toList();
  }

  private List<String> playersPerNetwork() {
    List<Player> players =
        game.players.stream().filter(player -> player.address().contains(".")).toList();
    return by(players, player -> player.address().replaceFirst("\\.\\d+$", ".0/24"))
        .entrySet()
        .stream()
        .filter(each -> each.getValue().size() > 10)
        .map(
            each ->
                new Ranked(
                    BigDecimal.valueOf(each.getValue().size()),
                    row(
                        each.getKey(),
                        each.getValue().size(),
                        distinct(each.getValue(), Player::address))))
        .sorted()
        .map(Ranked::row)
        .toList();
  }

  // Rows and numbers

  /** Those with the greatest value come first, otherwise in the order of their first column. */
  private record Ranked(BigDecimal value, String row) implements Comparable<Ranked> {
    @Override
    public int compareTo(Ranked other) {
      int byValue = other.value.compareTo(value);
      return byValue != 0 ? byValue : row.compareTo(other.row);
    }
  }

  @FunctionalInterface
  private interface ToRow<K, V> {
    String of(K key, V value);
  }

  private static <K, V> List<String> rows(Map<K, V> map, ToRow<K, V> row) {
    return map.entrySet().stream().map(each -> row.of(each.getKey(), each.getValue())).toList();
  }

  private static <K extends Comparable<? super K>, V> List<String> rowsBy(
      Collection<V> values, Function<V, K> key, ToRow<K, List<V>> row) {
    Map<K, List<V>> groups = by(values, key);
    return rows(groups, row);
  }

  private static String row(@Nullable Object... values) {
    List<String> texts = new ArrayList<>();
    for (Object value : values) {
      texts.add(
          value == null ? "" : value instanceof BigDecimal d ? d.toPlainString() : "" + value);
    }
    return String.join("|", texts);
  }

  private static <K extends Comparable<? super K>, V> Map<K, List<V>> by(
      Collection<V> values, Function<V, K> key) {
    Map<K, List<V>> groups = new TreeMap<>();
    values.forEach(
        value -> groups.computeIfAbsent(key.apply(value), k -> new ArrayList<>()).add(value));
    return groups;
  }

  private static <V> int distinct(List<V> values, Function<V, ?> of) {
    return (int) values.stream().map(of).distinct().count();
  }

  private static BigDecimal usd(List<Purchase> purchases) {
    return purchases.stream().map(Purchase::usd).reduce(BigDecimal::add).orElse(BigDecimal.ZERO);
  }

  private static BigDecimal ratio(long part, long whole, int digits) {
    return ratio(BigDecimal.valueOf(part), whole, digits);
  }

  private static BigDecimal ratio(BigDecimal part, long whole, int digits) {
    return part.divide(BigDecimal.valueOf(whole), digits, RoundingMode.HALF_UP);
  }

  private static BigDecimal rounded(double value) {
    return new BigDecimal(value, new MathContext(15)).setScale(1, RoundingMode.HALF_UP);
  }

  /** Interpolated, as by {@code percentile_cont}. */
  private static double percentile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = (int) Math.ceil(at);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}

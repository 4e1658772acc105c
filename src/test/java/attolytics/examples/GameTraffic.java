package attolytics.examples;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Five weeks of a game: the same at each run. */
final class GameTraffic {
  static final LocalDate FIRST_DAY = LocalDate.of(2026, 6, 1);
  static final int DAYS = 35;

  private static final int PLAYERS = 200;
  private static final int LAST_INSTALLATION = 20;
  private static final int LEVELS = 8;
  private static final String[] PLATFORMS = {"android", "ios", "web"};
  private static final String[] VERSIONS = {"1.0.0", "1.1.0", "unknown"};
  private static final int[] CRASHES_IN_1000 = {80, 20, 40};
  private static final String[] COUNTRIES = {"DE", "US", "JP", "ZZ"};
  private static final String[] CAMPAIGNS = {"organic", "organic", "video", "banner"};
  private static final String[] MODELS = {"Pixel 9", "iPhone 17", "Old \"Brick\""};
  private static final String[] PRODUCTS = {"starter_pack", "gems_small", "gems_large", "pass"};
  private static final String[] PRICES = {"4.99", "1.99", "19.99", "10.00"};
  private static final String[] MESSAGES = {"out of memory", "texture is missing", "timeout"};

  record Player(
      UUID id,
      long time,
      String platform,
      String country,
      String campaign,
      List<String> tags,
      String address,
      String model) {}

  record Session(
      UUID id,
      Player player,
      long start,
      double seconds,
      boolean crashed,
      float framesPerSecond,
      String version,
      List<String> experiments) {
    long end() {
      return start + (long) (seconds * 1_000);
    }
  }

  record Purchase(
      Player player,
      long time,
      String product,
      int quantity,
      BigDecimal price,
      String currency,
      BigDecimal usd,
      boolean sandbox) {}

  record Attempt(
      Player player,
      long time,
      int level,
      String outcome,
      @Nullable Long score,
      @Nullable List<Long> rewards) {}

  record Booking(Player player, long time, String currency, long amount, String reason) {}

  record Failure(Session session, long time, String kind, String message, int freeMb) {}

  final List<Player> players = new ArrayList<>();
  final List<Session> sessions = new ArrayList<>();
  final List<Purchase> purchases = new ArrayList<>();
  final List<Attempt> attempts = new ArrayList<>();
  final List<Booking> bookings = new ArrayList<>();
  final List<Failure> failures = new ArrayList<>();

  private final Random random = new Random(17);

  GameTraffic() {
    for (int i = 0; i < PLAYERS; i++) {
      addPlayer(i);
    }
  }

  static LocalDate day(long millis) {
    return Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC).toLocalDate();
  }

  UUID nextId() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  private void addPlayer(int i) {
    int firstDay = random.nextInt(LAST_INSTALLATION + 1);
    Player player =
        new Player(
            nextId(),
            timeOf(firstDay),
            one(PLATFORMS),
            one(COUNTRIES),
            one(CAMPAIGNS),
            i % 4 == 0 ? List.of() : List.of("beta", "cohort " + i % 3),
            address(i),
            MODELS[i % MODELS.length]);
    players.add(player);
    String shop = i % 2 == 0 ? "shop:new" : "shop:old";
    List<String> experiments = i % 5 == 0 ? List.of(shop, "music:on") : List.of(shop);
    Progress progress = new Progress();
    double chance = 1;
    for (int day = firstDay; day < DAYS; day++) {
      if (random.nextDouble() < chance) {
        addSessions(player, experiments, progress, day == firstDay ? player.time : timeOf(day));
      }
      chance = 0.5 * Math.pow(0.93, day - firstDay);
    }
  }

  private static final class Progress {
    int level = 1;
  }

  private String address(int i) {
    if (i % 20 == 0) {
      return "2001:db8::" + Integer.toHexString(i + 1);
    }
    return i % 3 == 0 ? "203.0.113." + (i % 5 + 1) : "198.51." + i % 100 + "." + (i % 250 + 1);
  }

  /** At a time of the day that leaves room for some sessions. */
  private long timeOf(int day) {
    return FIRST_DAY.plusDays(day).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli()
        + random.nextInt(18 * 3_600_000);
  }

  private void addSessions(Player player, List<String> experiments, Progress progress, long from) {
    long time = from;
    for (int i = random.nextInt(3); i >= 0; i--) {
      int version = random.nextInt(VERSIONS.length);
      Session session =
          new Session(
              nextId(),
              player,
              time,
              60 + random.nextInt(6_000) * 0.25,
              random.nextInt(1_000) < CRASHES_IN_1000[version],
              20 + random.nextInt(80) * 0.5f,
              VERSIONS[version],
              experiments);
      sessions.add(session);
      play(session, progress);
      time = session.end() + 60_000 + random.nextInt(3_600_000);
    }
  }

  private void play(Session session, Progress progress) {
    long time = session.start();
    for (int i = random.nextInt(4); i >= 0 && progress.level <= LEVELS; i--) {
      time += 5_000;
      attempt(session.player, time, progress);
    }
    if (random.nextInt(12) == 0) {
      buy(session.player, time + 1_000);
    }
    if (session.crashed) {
      fail(session, session.end(), "crash", MESSAGES[0]);
    }
    for (int i = random.nextInt(6); i >= 5; i--) {
      fail(session, time, "error", one(MESSAGES));
    }
  }

  private void attempt(Player player, long time, Progress progress) {
    int level = progress.level;
    boolean done = random.nextInt(10) >= level;
    attempts.add(new Attempt(player, time, level, "started", null, null));
    if (!done) {
      attempts.add(new Attempt(player, time + 4_000, level, "failed", null, List.of()));
      bookings.add(new Booking(player, time + 4_000, "coins", -10, "retry"));
      return;
    }
    long coins = 100L * level;
    long score = random.nextLong() >>> 20;
    attempts.add(
        new Attempt(player, time + 4_000, level, "completed", score, List.of(coins, (long) level)));
    bookings.add(new Booking(player, time + 4_000, "coins", coins, "level"));
    progress.level++;
  }

  private void buy(Player player, long time) {
    int product = random.nextInt(PRODUCTS.length);
    int quantity = 1 + random.nextInt(2);
    BigDecimal price = new BigDecimal(PRICES[product]).multiply(BigDecimal.valueOf(quantity));
    boolean euros = player.country.equals("DE");
    BigDecimal usd = price.multiply(new BigDecimal(euros ? "1.17" : "1.00"));
    boolean sandbox = random.nextInt(20) == 0;
    purchases.add(
        new Purchase(
            player, time, PRODUCTS[product], quantity, price, euros ? "EUR" : "USD", usd, sandbox));
    bookings.add(new Booking(player, time, "gems", 50L * quantity, "purchase"));
    bookings.add(new Booking(player, time + 1, "gems", -1 - random.nextInt(50), "other"));
  }

  private void fail(Session session, long time, String kind, String message) {
    failures.add(new Failure(session, time, kind, message, random.nextInt(2_000)));
  }

  private String one(String[] of) {
    return of[random.nextInt(of.length)];
  }
}

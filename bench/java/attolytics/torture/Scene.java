package attolytics.torture;

import attolytics.bench.process.PostgresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * All that takes part, and what is known about it.
 *
 * @param schema the schema file of the instances
 * @param locks which keep faults apart that would only hide each other
 */
record Scene(
    Settings settings,
    Path schema,
    PostgresServer server,
    @Nullable Pooler pooler,
    Database database,
    List<Instance> instances,
    Ledger ledger,
    Timeline timeline,
    Findings findings,
    Tally tally,
    Locks locks) {
  static final int INSTANCES = 2;

  /**
   * Taken in this order.
   *
   * @param processes of the instances: one fault at a time
   * @param networks of the instances: one fault at a time
   * @param tables for reading by an instance that starts: it would refuse a table that is broken;
   *     for writing by who breaks one
   * @param server for reading by who changes something there, for writing by who stops it
   */
  record Locks(
      List<ReentrantLock> processes,
      List<ReentrantLock> networks,
      ReadWriteLock tables,
      ReadWriteLock server) {
    static Locks create() {
      return new Locks(
          locks(), locks(), new ReentrantReadWriteLock(), new ReentrantReadWriteLock());
    }

    private static List<ReentrantLock> locks() {
      List<ReentrantLock> locks = new ArrayList<>();
      for (int i = 0; i < INSTANCES; i++) {
        locks.add(new ReentrantLock());
      }
      return locks;
    }
  }

  /** The schema file of replays, in which nothing is missing. */
  Path correctedSchema() {
    return schema.resolveSibling("corrected.yaml");
  }

  /** The instances that have PgBouncer before their database. */
  List<Instance> pooled() {
    return instances.stream().filter(each -> settings.isPooled(each.number())).toList();
  }

  static Scene create(
      Settings settings,
      Path schema,
      PostgresServer server,
      @Nullable Pooler pooler,
      Database database) {
    return new Scene(
        settings,
        schema,
        server,
        pooler,
        database,
        new CopyOnWriteArrayList<>(),
        new Ledger(),
        new Timeline(),
        new Findings(),
        new Tally(),
        Locks.create());
  }
}

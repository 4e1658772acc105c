package attolytics.bench.part;

import attolytics.bench.load.ClosedLoop;
import attolytics.bench.load.Events;
import attolytics.bench.load.HttpConnections;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import java.util.ArrayList;
import java.util.List;

/** The service beside others of the same contract: the same loads, in turns. */
public final class Peers {
  public static final String PART = "peers";

  /** The name that a peer has to have for the goals: the commit that this one is compared with. */
  public static final String BEFORE = "before";

  private final Rig rig;
  private final Plan plan;
  private final List<Peer> peers;

  public Peers(Rig rig, Plan plan, List<Peer> peers) {
    this.rig = rig;
    this.plan = plan;
    this.peers = peers;
  }

  public static Scenario scenario(String load, int indexes, int events, int connections) {
    return new Scenario(PART, load, indexes, events, connections);
  }

  public void run() throws Exception {
    rig.database().dropTables();
    rig.results().begin(PART);
    Served service = rig.service();
    List<Peer.Started> all = new ArrayList<>();
    all.add(
        new Peer.Started(
            Scenario.SERVICE, HttpConnections.local(service.port()), rig.target(service)));
    for (Peer peer : peers) {
      all.add(peer.start(rig));
    }
    Turns indexed = new Turns(rig);
    add(indexed, all, Closed.INDEXES, Closed.EVENTS, Closed.MANY);
    add(indexed, all, Closed.INDEXES, Closed.EVENTS, Closed.FEWER);
    add(indexed, all, Closed.INDEXES, Closed.LARGE, Closed.FEWER);
    add(indexed, all, Closed.INDEXES, 1, Closed.MANY);
    add(indexed, all, Closed.INDEXES, Closed.EVENTS, 1);
    indexed.take(plan);
    for (Peer.Started each : all) {
      each.target().database().dropIndexes();
    }
    Turns plain = new Turns(rig);
    add(plain, all, 0, Closed.EVENTS, Closed.MANY);
    add(plain, all, 0, Closed.LARGE, Closed.FEWER);
    plain.take(plan);
    for (Peer.Started each : all) {
      Served served = each.target().served();
      if (served != null) {
        rig.stop(served);
      }
    }
  }

  private static void add(
      Turns turns, List<Peer.Started> all, int indexes, int events, int connections) {
    for (Peer.Started each : all) {
      turns.add(
          scenario(each.name(), indexes, events, connections),
          new ClosedLoop(each.address(), connections, connections, Events.bodies(events)),
          each.target());
    }
  }
}

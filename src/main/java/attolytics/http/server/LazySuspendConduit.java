package attolytics.http.server;

import org.xnio.StreamConnection;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.ConduitStreamSourceChannel;
import org.xnio.conduits.ReadReadyHandler;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Suspends reads only when something arrives. Undertow suspends them while a request is in progress
 * and resumes them after its answer: two system calls for each request, although clients hardly
 * ever send anything in between. Used on the connection's IO thread.
 */
final class LazySuspendConduit extends AbstractStreamSourceConduit<StreamSourceConduit> {
  private boolean suspended; // the selector may not know yet

  LazySuspendConduit(StreamSourceConduit next) {
    super(next);
  }

  /** Installs one on a new connection, whose reads are not resumed yet. */
  static void install(StreamConnection connection) {
    ConduitStreamSourceChannel channel = connection.getSourceChannel();
    LazySuspendConduit conduit = new LazySuspendConduit(channel.getConduit());
    conduit.setReadReadyHandler(new ReadReadyHandler.ChannelListenerHandler<>(channel));
    channel.setConduit(conduit);
  }

  @Override
  public void suspendReads() {
    suspended = true;
  }

  @Override
  public void resumeReads() {
    suspended = false;
    super.resumeReads();
  }

  @Override
  public void wakeupReads() {
    suspended = false;
    super.wakeupReads();
  }

  @Override
  public boolean isReadResumed() {
    return !suspended && super.isReadResumed();
  }

  @Override
  public void setReadReadyHandler(ReadReadyHandler handler) {
    super.setReadReadyHandler(new Ready(handler));
  }

  private void suspendNow() {
    super.suspendReads();
  }

  private final class Ready implements ReadReadyHandler {
    private final ReadReadyHandler handler;

    Ready(ReadReadyHandler handler) {
      this.handler = handler;
    }

    @Override
    public void readReady() {
      if (suspended) {
        suspendNow();
      } else {
        handler.readReady();
      }
    }

    @Override
    public void forceTermination() {
      handler.forceTermination();
    }

    @Override
    public void terminated() {
      handler.terminated();
    }
  }
}

/**
 * Starts, runs and stops the service: the wiring of all stages, shutdown, readiness, reload,
 * signals, systemd (its watchdog is fed by {@link attolytics.app.Heartbeat}), and periodic tasks.
 *
 * <p>The only package but {@code cli} that knows every stage; it holds no stage's logic. Begin with
 * {@link attolytics.app.Service}.
 */
@NullMarked
package attolytics.app;

import org.jspecify.annotations.NullMarked;

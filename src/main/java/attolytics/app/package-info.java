/**
 * Starts, runs and stops the service: the wiring of all packages, shutdown, readiness, reload,
 * signals, periodic tasks, and systemd, whose watchdog {@link attolytics.app.Heartbeat} feeds.
 *
 * <p>Apart from {@code cli}, this is the only package that knows all others; it contains none of
 * their logic. Start with {@link attolytics.app.Service}.
 */
@NullMarked
package attolytics.app;

import org.jspecify.annotations.NullMarked;

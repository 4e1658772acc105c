/**
 * Starts, runs and stops the service: the wiring of all stages, readiness, reload, signals,
 * systemd, and the tasks that run beside the pipeline.
 *
 * <p>The only package but {@code cli} that knows every stage; it holds no stage's logic. Begin with
 * {@link attolytics.app.Service}.
 */
@NullMarked
package attolytics.app;

import org.jspecify.annotations.NullMarked;

/**
 * What operators see. The pipeline reports to {@link attolytics.metrics.Metrics}, a set of plain
 * calls; {@link attolytics.metrics.PrometheusMetrics} turns them into what Prometheus scrapes.
 */
@NullMarked
package attolytics.metrics;

import org.jspecify.annotations.NullMarked;

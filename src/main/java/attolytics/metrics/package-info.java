/**
 * Metrics. The pipeline reports to {@link attolytics.metrics.Metrics}, a set of plain calls; {@link
 * attolytics.metrics.PrometheusMetrics} exposes them to Prometheus.
 */
@NullMarked
package attolytics.metrics;

import org.jspecify.annotations.NullMarked;

/**
 * What is measured: {@link attolytics.metrics.Metrics} is a plain interface that the pipeline
 * calls, and {@link attolytics.metrics.PrometheusMetrics} exposes it to Prometheus.
 */
@NullMarked
package attolytics.metrics;

import org.jspecify.annotations.NullMarked;

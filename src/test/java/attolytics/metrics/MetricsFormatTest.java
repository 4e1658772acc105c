package attolytics.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsFormatTest {
  /** What Prometheus 2 and 3 send. */
  private static final String PROMETHEUS =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
          + "application/openmetrics-text;version=0.0.1;q=0.5,"
          + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
          + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*/*                                                          | TEXT",
        "text/plain                                                   | TEXT",
        "application/openmetrics-text                                 | OPEN_METRICS",
        "application/openmetrics-text; version=1.0.0; charset=utf-8   | OPEN_METRICS",
        "Application/OpenMetrics-Text;Version=\"1.0.0\"               | OPEN_METRICS",
        "application/openmetrics-text;version=2.0.0                   | TEXT",
        "application/*, text/plain;q=0.5                              | OPEN_METRICS",
        "application/openmetrics-text, text/plain                     | TEXT",
        "application/openmetrics-text;q=0.5, text/plain;q=0.4         | OPEN_METRICS",
        "application/openmetrics-text;q=0.4, text/plain;q=0.5         | TEXT",
        "application/openmetrics-text;q=0, */*                        | TEXT",
        "text/plain;q=0, */*;q=0.1                                    | OPEN_METRICS",
        "application/openmetrics-text;version=1.0.0;q=0.2, application/openmetrics-text;q=0.9,"
            + " text/plain;q=0.5 | TEXT",
        "application/openmetrics-text;q=high, text/plain;q=0.1        | TEXT",
        "application/json                                             | TEXT",
        "''                                                           | TEXT",
        ";;,=,                                                        | TEXT"
      })
  void preferred_followsTheWeights(String accept, MetricsFormat expected) {
    assertEquals(expected, MetricsFormat.preferred(accept));
  }

  @Test
  void preferred_isOpenMetricsForPrometheus_andTextForWhoSaysNothing() {
    assertEquals(MetricsFormat.OPEN_METRICS, MetricsFormat.preferred(PROMETHEUS));
    assertEquals(MetricsFormat.TEXT, MetricsFormat.preferred(null));
  }
}

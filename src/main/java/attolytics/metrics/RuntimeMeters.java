package attolytics.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.time.Duration;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.function.ToDoubleFunction;

/** Meters of the JVM and its process. */
final class RuntimeMeters implements MeterBinder, AutoCloseable {
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final DoubleAdder pausedSeconds = new DoubleAdder();

  @Override
  public void bindTo(MeterRegistry registry) {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    gc.bindTo(registry);
    bindProcess(registry);
    FunctionCounter.builder("process.paused", pausedSeconds, DoubleAdder::sum)
        .baseUnit("seconds")
        .description("Time in which the process did not run, in pauses of seconds")
        .register(registry);
  }

  void paused(Duration pause) {
    pausedSeconds.add(pause.toNanos() / 1e9);
  }

  // Micrometer's own meter is in nanoseconds. This name is that of other exporters.
  private static void bindProcess(MeterRegistry registry) {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    ToDoubleFunction<OperatingSystemMXBean> cpuSeconds =
        bean ->
            bean instanceof com.sun.management.OperatingSystemMXBean sun
                ? Math.max(0, sun.getProcessCpuTime()) / 1e9
                : 0;
    FunctionCounter.builder("process.cpu", system, cpuSeconds)
        .baseUnit("seconds")
        .description("Processor time used by the process")
        .register(registry);
    double startSeconds = ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3;
    Gauge.builder("process.start.time", () -> startSeconds)
        .baseUnit("seconds")
        .description("Start time of the process, since the Unix epoch")
        .register(registry);
    Gauge.builder("process.processors", Runtime.getRuntime()::availableProcessors)
        .description("Processors available to the process")
        .register(registry);
  }

  @Override
  public void close() {
    gc.close();
  }
}

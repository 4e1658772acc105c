package attolytics.decode;

import attolytics.buffer.Batch;
import attolytics.buffer.LenientRequest;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.Quarantine;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The events of a request that is handled leniently, as they were sent. Each has one row in the
 * request's batch: in its table, or in quarantine.
 */
public final class LenientEvents implements LenientRequest {
  /** In ASCII: the answer is kept with the key, in a database of whatever encoding. */
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** More rows that the database refuses than that refuse their request. */
  static final int MAX_REFUSED_ROWS = 100;

  private final Batch batch;
  private final QuarantineRows quarantine;
  private final Map<String, Integer> quarantinedByCode = new TreeMap<>();
  private List<EventError> errors = List.of();
  private byte[] body = {};
  private int[] bounds = new int[16]; // of event i's text in the body: from 2 i to 2 i + 1
  private int events;
  private int quarantined;
  private int refusedRows;

  LenientEvents(Batch batch, QuarantineRows quarantine) {
    this.batch = batch;
    this.quarantine = quarantine;
  }

  /** Adds the next event, whose text in the body has these bounds. */
  void add(int from, int to) {
    if (2 * events == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * bounds.length);
    }
    bounds[2 * events] = from;
    bounds[2 * events + 1] = to;
    events++;
  }

  /** Puts the event that was added last into quarantine. */
  void quarantine(EventError error, @Nullable String table, byte[] bytes) {
    int last = events - 1;
    int from = bounds[2 * last];
    quarantine.write(batch.rows(), error, table, bytes, from, bounds[2 * last + 1] - from);
    batch.endRow(Quarantine.TABLE);
    count(error.code());
  }

  /**
   * Keeps what a writer may need: the texts of the events, and what is wrong with them.
   *
   * @throws CopyBuffer.LimitExceededException if there is no memory for it
   */
  void keep(byte[] bytes, int length, List<EventError> known) {
    int errorBytes = known.stream().mapToInt(EventError::heapBytes).sum();
    int headerBytes = quarantine.takeHeaders();
    batch.handleLeniently(this, length + Integer.BYTES * bounds.length + errorBytes + headerBytes);
    body = Arrays.copyOf(bytes, length);
    errors = List.copyOf(known);
  }

  @Override
  public boolean quarantine(int event, String code, String detail) {
    if (refusedRows == MAX_REFUSED_ROWS) {
      return false;
    }
    refusedRows++;
    EventError error = new EventError(event, "/events/" + event, code, detail, code, null);
    int from = bounds[2 * event];
    int length = bounds[2 * event + 1] - from;
    CopyBuffer row = new CopyBuffer(length + 512, Integer.MAX_VALUE - 8);
    quarantine.write(row, error, tableOf(event), body, from, length);
    batch.replaceRow(event, Quarantine.TABLE, row);
    count(code);
    errors = inOrder(errors, error);
    return true;
  }

  private String tableOf(int event) {
    int rows = 0;
    int run = 0;
    while (rows + batch.runRows(run) <= event) {
      rows += batch.runRows(run);
      run++;
    }
    return batch.runTable(run).name();
  }

  private void count(String code) {
    quarantined++;
    quarantinedByCode.merge(code, 1, Integer::sum);
  }

  private static List<EventError> inOrder(List<EventError> known, EventError added) {
    List<EventError> all = new ArrayList<>(known);
    all.add(added);
    all.sort(Comparator.comparingInt(EventError::event));
    if (all.size() > Decoded.MAX_ERRORS && !Decoded.removeRepeated(all)) {
      all.remove(Decoded.MAX_ERRORS);
    }
    return all;
  }

  /** How many events were put into quarantine. */
  public int quarantined() {
    return quarantined;
  }

  /** Calls back with each code and how many events were put into quarantine for it. */
  public void forEachCode(ObjIntConsumer<String> callback) {
    quarantinedByCode.forEach(callback::accept);
  }

  @Override
  public String answer(int duplicates) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("stored", events - quarantined - duplicates);
      json.writeNumberField("duplicates", duplicates);
      json.writeNumberField("quarantined", quarantined);
      json.writeArrayFieldStart("errors");
      for (EventError error : errors) {
        error.write(json);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return text.toString();
  }
}

package attolytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import io.vertx.openapi.contract.Response;
import io.vertx.openapi.mediatype.ContentAnalyserFactory;
import io.vertx.openapi.mediatype.MediaTypePredicate;
import io.vertx.openapi.mediatype.MediaTypeRegistry;
import io.vertx.openapi.mediatype.impl.DefaultMediaTypeRegistration;
import io.vertx.openapi.validation.RequestParameter;
import io.vertx.openapi.validation.RequestValidator;
import io.vertx.openapi.validation.ResponseValidator;
import io.vertx.openapi.validation.ValidatableResponse;
import io.vertx.openapi.validation.ValidatorException;
import io.vertx.openapi.validation.impl.RequestParameterImpl;
import io.vertx.openapi.validation.impl.ValidatableRequestImpl;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The description of the public port, {@code openapi.yaml}, to hold the service to it. Thread-safe.
 */
public final class OpenApi {
  /** Read when first asked for: that it is valid OpenAPI takes a second to see. */
  private static final class Lazily {
    private static final OpenApi API = new OpenApi();
  }

  private static final String POST = "postEvents";

  /** Headers of HTTP itself rather than of this interface. */
  private static final Set<String> GENERAL_HEADERS =
      Set.of("connection", "content-length", "content-type", "date", "transfer-encoding", "vary");

  private final OpenAPIContract contract;
  private final RequestValidator requests;
  private final ResponseValidator responses;

  private OpenApi() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setUseDaemonThread(true).setEventLoopPoolSize(1));
    MediaTypeRegistry mediaTypes =
        MediaTypeRegistry.createDefault()
            .register(
                new DefaultMediaTypeRegistration(
                    MediaTypePredicate.ofExactTypes("application/problem+json"),
                    ContentAnalyserFactory.json()));
    contract =
        await(
            OpenAPIContract.builder(vertx)
                .setContractPath("attolytics/openapi.yaml")
                .mediaTypeRegistry(mediaTypes)
                .build());
    requests = RequestValidator.create(vertx, contract);
    responses = ResponseValidator.create(vertx, contract);
  }

  /**
   * The description.
   *
   * @throws AssertionError if it is not valid OpenAPI 3.1
   */
  public static OpenApi description() {
    return Lazily.API;
  }

  /** The description with its references as they are. */
  public JsonObject document() {
    return contract.getRawContract();
  }

  /** The answers to a POST by their status, with references resolved. */
  public Map<Integer, JsonObject> postAnswers() {
    Map<Integer, JsonObject> answers = new TreeMap<>();
    JsonObject all = contract.operation(POST).getOpenAPIModel().getJsonObject("responses");
    for (String status : all.fieldNames()) {
      if (Character.isDigit(status.charAt(0))) { // the others are notes of the resolver
        answers.put(Integer.valueOf(status), all.getJsonObject(status));
      }
    }
    return answers;
  }

  /** Whether a POST is one that is described. */
  public boolean describesPost(Map<String, String> headers, String body) {
    Map<String, RequestParameter> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.forEach((name, value) -> values.put(name, new RequestParameterImpl(value)));
    ValidatableRequestImpl request =
        new ValidatableRequestImpl(
            Map.of(),
            values,
            Map.of("app_id", new RequestParameterImpl("a")),
            Map.of(),
            new RequestParameterImpl(Buffer.buffer(body)),
            "application/json");
    try {
      await(requests.validate(request, POST));
      return true;
    } catch (ValidatorException e) {
      return false;
    }
  }

  /** Fails unless the public port may answer like that. */
  public void assertDescribes(HttpResponse<String> answer) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    answer.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
    HttpMethod method = HttpMethod.valueOf(answer.request().method());
    Operation operation = contract.findOperation(answer.request().uri().getRawPath(), method);
    assertDescribes(
        operation == null ? contract.operation(POST) : operation,
        answer.statusCode(),
        headers,
        method.equals(HttpMethod.HEAD) ? null : answer.body());
  }

  /** Fails unless a POST may be refused like that. */
  public void assertDescribesRefusal(int status, Map<String, String> headers, String problem) {
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.putAll(headers);
    all.put("content-type", "application/problem+json");
    assertDescribes(contract.operation(POST), status, all, problem);
  }

  private void assertDescribes(
      Operation operation, int status, Map<String, String> headers, @Nullable String body) {
    String answer = operation.getOperationId() + ": " + status + " " + headers + " " + body;
    Response described = operation.getResponse(status);
    assertNotNull(described, answer);
    Set<String> strange = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    strange.addAll(headers.keySet());
    strange.removeAll(GENERAL_HEADERS);
    described.getHeaders().stream().map(Parameter::getName).forEach(strange::remove);
    assertEquals(Set.of(), strange, answer);
    boolean isEmpty200 = status == 200 && !headers.containsKey("content-type");
    if (body == null || (isEmpty200 && body.isEmpty())) {
      return;
    }
    if (described.getContent().isEmpty()) {
      assertEquals("", body, answer);
      return;
    }
    ValidatableResponse response =
        ValidatableResponse.create(
            status, headers, Buffer.buffer(body), headers.get("content-type"));
    try {
      await(responses.validate(response, operation.getOperationId()));
    } catch (ValidatorException e) {
      throw new AssertionError(answer, e);
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.await(60, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }
}

package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.OpenApi;
import attolytics.app.RunningService;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A service takes the requests that the description allows, and refuses those that it does not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenApiIT {
  private static final OpenApi API = OpenApi.description();
  private static final String KEY = "\"secret_key\":\"example-secret-key\"";

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(Files.readString(Path.of("schema-example.conf.yaml")), "");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  private void assertTaken(boolean taken, Map<String, String> headers, String body)
      throws Exception {
    assertEquals(taken, API.describesPost(headers, body), "the description");
    HttpRequest.Builder request =
        service
            .to("/apps/com.example.myapp/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
    headers.forEach(request::header);
    assertEquals(taken, service.send(request).statusCode() == 200, "the service");
  }

  @Test
  void example_isAccepted() throws Exception {
    JsonObject examples =
        API.document()
            .getJsonObject("paths")
            .getJsonObject("/apps/{app_id}/events")
            .getJsonObject("post")
            .getJsonObject("requestBody")
            .getJsonObject("content")
            .getJsonObject("application/json")
            .getJsonObject("examples");
    assertTaken(true, Map.of(), examples.getJsonObject("events").getJsonObject("value").encode());
  }

  @Test
  void description_isOnTheAdminPort() throws Exception {
    String file = Files.readString(Path.of("src/main/resources/attolytics/openapi.yaml"));
    assertEquals(file, service.admin("/openapi.yaml"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "true  | {KEY,'events':[]}",
        "true  | {'events':[],KEY}",
        "true  | {KEY,'events':[],'other':{'events':1}}",
        "true  | {KEY,'events':[{'_t':'events','platform':'p','version':'v','event_type':'e'}]}",
        "true  | {KEY,'events':[{'platform':'p','version':'v','event_type':'e','_t':'events'}]}",
        "false | {KEY,'events':[{'platform':'p','version':'v','event_type':'e'}]}",
        "false | {KEY,'events':[{'_t':7,'platform':'p','version':'v','event_type':'e'}]}",
        "false | {KEY,'events':['events']}",
        "false | {KEY,'events':{}}",
        "false | {KEY,'events':null}",
        "false | {KEY}",
        "false | {'secret_key':1,'events':[]}",
        "false | {'secret_key':null,'events':[]}",
        "false | []",
        "false | null"
      })
  void body_isAcceptedIfItIsDescribed(boolean described, String body) throws Exception {
    assertTaken(described, Map.of(), body.replace("KEY", KEY).replace('\'', '"'));
  }

  @Test
  void authorization_canReplaceTheKeyInTheBody() throws Exception {
    assertTaken(true, Map.of("authorization", "Bearer example-secret-key"), "{\"events\":[]}");
  }

  @ParameterizedTest
  @CsvSource({"true, 1", "true, 255", "false, 256"})
  void idempotencyKey_isAcceptedUpToItsMaximumLength(boolean described, int length)
      throws Exception {
    assertTaken(
        described, Map.of("idempotency-key", "k".repeat(length)), "{" + KEY + ",\"events\":[]}");
  }

  @ParameterizedTest
  @CsvSource({"true, identity", "false, br"})
  void contentEncoding_isAcceptedIfItIsDescribed(boolean described, String encoding)
      throws Exception {
    assertTaken(described, Map.of("content-encoding", encoding), "{" + KEY + ",\"events\":[]}");
  }
}

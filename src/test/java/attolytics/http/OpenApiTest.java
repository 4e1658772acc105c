package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.OpenApi;
import attolytics.decode.EventError;
import attolytics.http.problem.Problem;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The description beside the code; beside running services it is held by all their tests. */
class OpenApiTest {
  private static final OpenApi API = OpenApi.description();
  private static final Path DOCS = Path.of("docs", "api.md");
  private static final String TYPE = "urn:attolytics:problem:";

  private static Set<String> typesOf(JsonObject answer) {
    JsonObject type =
        schemaOf(answer).getJsonArray("allOf").stream()
            .map(part -> ((JsonObject) part).getJsonObject("properties"))
            .map(properties -> properties.getJsonObject("type"))
            .reduce((problem, own) -> own)
            .orElseThrow();
    JsonArray several = type.getJsonArray("enum", new JsonArray().add(type.getString("const")));
    return new TreeSet<>(several.stream().map(String::valueOf).toList());
  }

  private static JsonObject problemOf(JsonObject answer) {
    return answer.getJsonObject("content").getJsonObject(Problem.CONTENT_TYPE);
  }

  private static JsonObject schemaOf(JsonObject answer) {
    return problemOf(answer).getJsonObject("schema");
  }

  private static Map<String, String> headers(int status) {
    return switch (status) {
      case 405 -> Map.of("Allow", "POST, OPTIONS");
      case 503 -> Map.of("Retry-After", "1");
      default -> Map.of();
    };
  }

  private static JsonObject document(Problem problem, String detail, List<EventError> errors) {
    byte[] bytes = problem.document(detail, errors, problem.isOurs() ? "0123abcd" : null);
    return new JsonObject(new String(bytes, StandardCharsets.UTF_8));
  }

  @Test
  void description_isOpenApi31() {
    assertTrue(API.document().getString("openapi").startsWith("3.1."));
  }

  @Test
  void description_hasTheStatusesAndProblemsOfTheCode() {
    Map<Integer, Set<String>> described = new TreeMap<>();
    API.postAnswers()
        .forEach(
            (status, answer) -> {
              if (status != 200) {
                described.put(status, typesOf(answer));
              }
            });
    assertEquals(problems(), described);
  }

  private static Map<Integer, Set<String>> problems() {
    Map<Integer, Set<String>> problems = new TreeMap<>();
    for (Problem problem : Problem.values()) {
      problems
          .computeIfAbsent(problem.status(), status -> new TreeSet<>())
          .add(TYPE + problem.reason());
    }
    return problems;
  }

  /** A row of the documented table without a status goes on with that of the row above. */
  @Test
  void docs_haveTheStatusesAndProblemsOfTheCode() throws Exception {
    Map<Integer, Set<String>> documented = new TreeMap<>();
    int status = 0;
    for (MatchResult row :
        Pattern.compile("(?m)^\\| (\\d{3})? ?\\| ((?:`\\w+`(?:, )?)+) \\|")
            .matcher(Files.readString(DOCS))
            .results()
            .toList()) {
      status = row.group(1) == null ? status : Integer.parseInt(row.group(1));
      Set<String> types = documented.computeIfAbsent(status, s -> new TreeSet<>());
      for (String type : row.group(2).split(", ", -1)) {
        types.add(TYPE + type.replace("`", ""));
      }
    }
    assertEquals(problems(), documented);
  }

  /** What the examples show is run against a service: a code that there is none of is none. */
  @Test
  void docs_nameEachCodeOfTheDescription() throws Exception {
    String docs = Files.readString(DOCS);
    JsonArray codes =
        API.document()
            .getJsonObject("components")
            .getJsonObject("schemas")
            .getJsonObject("EventError")
            .getJsonObject("properties")
            .getJsonObject("code")
            .getJsonArray("enum");
    assertTrue(codes.size() > 5, codes::encode);
    codes.forEach(code -> assertTrue(docs.contains("`" + code + "`"), code::toString));
  }

  @ParameterizedTest
  @EnumSource(Problem.class)
  void description_allowsEachProblemDocument(Problem problem) {
    EventError error =
        new EventError(0, "/events/0/n", "type_mismatch", "n of table t must be an integer");
    int most =
        switch (problem) {
          case INVALID_EVENTS -> 100;
          case REFUSED_BY_DATABASE, CONFLICT -> 1;
          default -> 0;
        };
    JsonObject document =
        document(problem, "why", IntStream.range(0, most).mapToObj(i -> error).toList());
    int status = problem.status();
    API.assertDescribesRefusal(status, headers(status), document.encode());
    document.remove("detail");
    assertThrows(
        AssertionError.class,
        () -> API.assertDescribesRefusal(status, headers(status), document.encode()));
  }

  @Test
  void examplesOfProblems_equalThoseOfTheCode() {
    API.postAnswers()
        .forEach(
            (status, answer) -> {
              JsonObject examples =
                  status == 200
                      ? new JsonObject()
                      : problemOf(answer).getJsonObject("examples", new JsonObject());
              examples.stream()
                  .filter(
                      example ->
                          example.getValue() instanceof JsonObject) // no note of the resolver
                  .map(example -> ((JsonObject) example.getValue()).getJsonObject("value"))
                  .forEach(example -> assertIsOwn(status, example));
            });
  }

  private static void assertIsOwn(int status, JsonObject example) {
    API.assertDescribesRefusal(status, headers(status), example.encode());
    Problem problem =
        Stream.of(Problem.values())
            .filter(each -> example.getString("type").equals(TYPE + each.reason()))
            .findFirst()
            .orElseThrow();
    assertEquals(document(problem, "", List.of()).getString("title"), example.getString("title"));
  }
}

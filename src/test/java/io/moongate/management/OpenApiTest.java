package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.moongate.audit.RecordedPast;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Page;
import java.io.InputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The OpenAPI document beside what the server answers, and beside the records of the API. */
class OpenApiTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final JsonNode DOCUMENT = OpenApi.SERVED.document();
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final Pattern KNOWN = Pattern.compile("known are \\[([^]]*)]");

  private static final Map<Type, String> SCALARS =
      Map.of(
          String.class, "string",
          Instant.class, "string",
          int.class, "integer",
          Integer.class, "integer",
          long.class, "integer",
          Long.class, "integer",
          double.class, "number",
          boolean.class, "boolean",
          Boolean.class, "boolean");

  /** What is made of others, or of events, and has no record of its own. */
  private static final Set<String> OF_THE_PAST = Set.of("ViewAt", "ViewDiff", "EventPage");

  @TempDir private static Path directory;
  private static RecordedPast past;
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    past = new RecordedPast();
    server = TestServer.start(past.log());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    past.close();
  }

  /** An operation of the document. */
  record Case(String method, String path, JsonNode operation) {
    String verb() {
      return method.toUpperCase(Locale.ROOT);
    }

    String id() {
      return operation.get("operationId").textValue();
    }

    @Override
    public String toString() {
      return verb() + " " + path;
    }
  }

  static Stream<Case> operations() {
    List<Case> cases = new ArrayList<>();
    DOCUMENT
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        operation ->
                            cases.add(
                                new Case(
                                    operation.getKey(), path.getKey(), operation.getValue()))));
    return cases.stream();
  }

  private static JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? DOCUMENT.at(node.get("$ref").textValue().substring(1)) : node;
  }

  private static List<Error> faults(JsonNode schema, JsonNode value) throws Exception {
    ObjectNode root = JSON.createObjectNode();
    root.putArray("allOf").add(schema);
    root.set("$defs", DOCUMENT.at("/components/schemas"));
    String text = root.toString().replace("#/components/schemas/", "#/$defs/");
    return SCHEMAS.getSchema(JSON.readTree(text)).validate(value);
  }

  @Test
  void itIsServedAsItIs() throws Exception {
    HttpResponse<String> response = server.get("/openapi.json");
    assertEquals(200, response.statusCode());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElseThrow());
    assertEquals(DOCUMENT, JSON.readTree(response.body()));
    assertEquals("3.1.0", DOCUMENT.get("openapi").textValue());
  }

  @Test
  void everyReferenceLeadsSomewhereAndNothingIsLeftOver() {
    Set<String> used = new TreeSet<>();
    for (JsonNode reference : DOCUMENT.findValues("$ref")) {
      used.add(reference.textValue());
      assertFalse(
          DOCUMENT.at(reference.textValue().substring(1)).isMissingNode(), reference.textValue());
    }
    for (String kind : List.of("schemas", "parameters", "responses", "headers")) {
      DOCUMENT
          .at("/components/" + kind)
          .fieldNames()
          .forEachRemaining(
              name -> {
                boolean ofAnEvent = List.of("ChangesHello", "ChangedLun", "Removed").contains(name);
                assertTrue(
                    ofAnEvent || used.contains("#/components/" + kind + "/" + name),
                    kind + " " + name + " is not used");
              });
    }
  }

  @Test
  void everyOperationHasANameOfItsOwnAndARole() {
    Set<String> names = new HashSet<>();
    operations()
        .forEach(
            each -> {
              assertTrue(names.add(each.id()), each.id());
              String role = each.operation().get("x-required-role").textValue();
              assertTrue(List.of("viewer", "operator", "admin").contains(role), each + role);
              assertEquals(each.method().equals("get"), role.equals("viewer"), each + " " + role);
            });
    for (String lossy : List.of("deleteLun", "deleteTarget", "rollBackLun", "removeGateway")) {
      assertTrue(
          operations()
              .anyMatch(
                  each ->
                      each.id().equals(lossy)
                          && each.operation().get("x-required-role").textValue().equals("admin")),
          lossy);
    }
  }

  @Test
  void everyPathParameterIsDeclared() {
    operations()
        .forEach(
            each -> {
              Set<String> declared = new TreeSet<>();
              for (JsonNode parameter : each.operation().path("parameters")) {
                JsonNode known = resolved(parameter);
                if (known.get("in").textValue().equals("path")) {
                  declared.add(known.get("name").textValue());
                  assertTrue(known.get("required").booleanValue(), each.toString());
                }
              }
              Set<String> named = new TreeSet<>();
              Matcher parameter = Pattern.compile("\\{(\\w+)}").matcher(each.path());
              while (parameter.find()) {
                named.add(parameter.group(1));
              }
              assertEquals(named, declared, each.toString());
            });
  }

  /** Every operation, asked of the server with what is there. */
  @ParameterizedTest
  @MethodSource("operations")
  void whatIsDocumentedIsAnsweredAsDocumented(Case asked) throws Exception {
    ApiExamples examples = new ApiExamples(server);
    examples.prepare(
        asked.id(),
        new ChapSecrets(
            Optional.of(KeyFiles.make(directory.resolve(UUID.randomUUID().toString())))));
    String path = examples.path(asked.path());
    if (asked.id().equals("followChanges")) {
      streamed(asked, path);
      return;
    }
    HttpRequest.Builder request = server.request(path + examples.query(asked.id()));
    JsonNode schema = asked.operation().at("/requestBody/content/application~1json/schema");
    if (schema.isMissingNode()) {
      request.method(asked.verb(), BodyPublishers.noBody());
    } else {
      String body = examples.body(asked.id());
      assertEquals(List.of(), faults(schema, JSON.readTree(body)), asked + " " + body);
      request
          .header("Content-Type", "application/json")
          .method(asked.verb(), BodyPublishers.ofString(body));
    }
    HttpResponse<String> response = server.send(request.build());
    assertTrue(response.statusCode() < 300, asked + ": " + response.body());
    matches(asked, response);
    if (asked.method().equals("get")) {
      String tag = response.headers().firstValue("ETag").orElse("");
      assertEquals(
          asked.operation().get("responses").has("304"), !tag.isEmpty(), asked + " " + tag);
    }
  }

  private static void matches(Case asked, HttpResponse<String> response) throws Exception {
    JsonNode documented =
        asked.operation().get("responses").get(String.valueOf(response.statusCode()));
    assertNotNull(documented, asked + " answers " + response.statusCode());
    documented = resolved(documented);
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (response.statusCode() == 204) {
      assertFalse(documented.has("content"), asked.toString());
      assertEquals("", response.body());
      return;
    }
    String media = type.replaceAll(";.*", "");
    JsonNode content = documented.get("content").get(media);
    assertNotNull(content, asked + " answers " + type);
    assertEquals(
        List.of(),
        faults(content.get("schema"), JSON.readTree(response.body())),
        asked + ": " + response.body());
    documented
        .path("headers")
        .fieldNames()
        .forEachRemaining(
            name ->
                assertTrue(
                    response.headers().firstValue(name).isPresent(), asked + " has no " + name));
  }

  private static void streamed(Case asked, String path) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpResponse<InputStream> response =
        client.send(server.request(path).build(), BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      assertEquals(200, response.statusCode());
      String type = response.headers().firstValue("Content-Type").orElseThrow();
      assertTrue(asked.operation().at("/responses/200/content").has(type), type);
      assertEquals("event: hello", new String(body.readNBytes(12), StandardCharsets.US_ASCII));
    }
  }

  /** An unknown query parameter is refused, and the refusal names the known ones. */
  @ParameterizedTest
  @MethodSource("operations")
  void theParametersOfAQueryAreTheDocumentedOnes(Case asked) throws Exception {
    ApiExamples examples = new ApiExamples(server);
    examples.prepare(asked.id(), new ChapSecrets(Optional.empty()));
    HttpResponse<String> response =
        server.send(
            server
                .request(examples.path(asked.path()) + "?no-such=1")
                .header("Content-Type", "application/json")
                .method(asked.verb(), BodyPublishers.ofString("{}"))
                .build());
    assertEquals(400, response.statusCode(), asked + ": " + response.body());
    matches(asked, response);
    Set<String> documented = new TreeSet<>();
    for (JsonNode parameter : asked.operation().path("parameters")) {
      JsonNode known = resolved(parameter);
      if (known.get("in").textValue().equals("query")) {
        documented.add(known.get("name").textValue());
      }
    }
    Matcher known = KNOWN.matcher(response.body());
    Set<String> taken =
        known.find() ? new TreeSet<>(Arrays.asList(known.group(1).split(", "))) : Set.of();
    assertEquals(documented, taken, asked + ": " + response.body());
  }

  /** Fields of a body that the document does not have are refused, as the document says. */
  @ParameterizedTest
  @MethodSource("operations")
  void theFieldsOfABodyAreTheDocumentedOnes(Case asked) throws Exception {
    JsonNode schema = asked.operation().at("/requestBody/content/application~1json/schema");
    if (schema.isMissingNode()) {
      return;
    }
    ApiExamples examples = new ApiExamples(server);
    examples.prepare(asked.id(), new ChapSecrets(Optional.empty()));
    HttpResponse<String> response =
        server.send(
            server
                .request(examples.path(asked.path()))
                .header("Content-Type", "application/json")
                .method(asked.verb(), BodyPublishers.ofString("{\"noSuch\":1}"))
                .build());
    assertEquals(400, response.statusCode(), asked + ": " + response.body());
    Matcher known = KNOWN.matcher(response.body());
    assertTrue(known.find(), response.body());
    Set<String> documented = new TreeSet<>();
    resolved(schema).get("properties").fieldNames().forEachRemaining(documented::add);
    assertEquals(new TreeSet<>(Arrays.asList(known.group(1).split(", "))), documented);
    assertFalse(faults(schema, JSON.readTree("{\"noSuch\":1}")).isEmpty());
  }

  @Test
  void whatIsNotDocumentedIsNotAnswered() throws Exception {
    for (String path : List.of("/nothing", "/luns/x/y", "/targets/x/luns", "/openapi.yaml", "/")) {
      assertEquals(404, server.get(path).statusCode(), path);
    }
    DOCUMENT
        .get("paths")
        .properties()
        .forEach(
            each -> {
              for (String method : List.of("GET", "PUT", "POST", "DELETE", "PATCH")) {
                if (!each.getValue().has(method.toLowerCase(Locale.ROOT))) {
                  assertEquals(405, status(method, each.getKey()), method + each.getKey());
                }
              }
            });
  }

  private static int status(String method, String path) {
    try {
      return server.method(method, path.replaceAll("[{}]", "")).statusCode();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  static Stream<Class<?>> records() {
    return new ClassFileImporter()
        .importPackages(Page.class.getPackageName()).stream()
            .map(JavaClass::reflect)
            .filter(Class::isRecord)
            .filter(kind -> kind != Page.class)
            .map(kind -> (Class<?>) kind);
  }

  private static String name(Class<?> kind) {
    return kind.getName().substring(kind.getPackageName().length() + 1).replace("$", "");
  }

  @ParameterizedTest
  @MethodSource("records")
  void everyRecordOfTheApiHasItsSchema(Class<?> kind) {
    JsonNode schema = DOCUMENT.at("/components/schemas/" + name(kind));
    assertFalse(schema.isMissingNode(), name(kind));
    Set<String> properties = new TreeSet<>();
    schema.get("properties").fieldNames().forEachRemaining(properties::add);
    Set<String> components = new TreeSet<>();
    for (RecordComponent component : kind.getRecordComponents()) {
      JsonProperty named = component.getAccessor().getAnnotation(JsonProperty.class);
      String name = named == null ? component.getName() : named.value();
      components.add(name);
      JsonNode property = schema.get("properties").path(name);
      assertEquals(type(component.getGenericType()), typeOf(property), name(kind) + "." + name);
    }
    assertEquals(components, properties, name(kind));
  }

  @Test
  void everySchemaIsARecordOrAPageOfThem() {
    Set<String> known = new TreeSet<>();
    records().forEach(kind -> known.add(name(kind)));
    DOCUMENT
        .at("/components/schemas")
        .fieldNames()
        .forEachRemaining(
            name ->
                assertTrue(
                    known.contains(name.replaceAll("Page$", "")) || OF_THE_PAST.contains(name),
                    name));
  }

  /** What a component is in JSON. */
  private static String type(Type type) {
    if (type instanceof ParameterizedType list) {
      return "array of " + type(list.getActualTypeArguments()[0]);
    }
    String scalar = SCALARS.get(type);
    return scalar == null ? name((Class<?>) type) : scalar;
  }

  private static String typeOf(JsonNode property) {
    JsonNode one =
        property.has("anyOf")
            ? StreamSupport.stream(property.get("anyOf").spliterator(), false)
                .filter(each -> !each.path("type").asText().equals("null"))
                .findFirst()
                .orElseThrow()
            : property;
    if (one.has("$ref")) {
      return one.get("$ref").textValue().substring("#/components/schemas/".length());
    }
    JsonNode type = one.path("type");
    String first = type.isArray() ? type.get(0).asText() : type.asText();
    return first.equals("array") ? "array of " + typeOf(one.get("items")) : first;
  }
}

package io.moongate.management.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/** How the API's records are written as JSON: instants in ISO 8601, in UTC. */
public final class ApiJson {
  private ApiJson() {}

  /**
   * A mapper for the records of this package. What it does not know in an answer it passes over, so
   * that an older client can read a newer gateway.
   */
  public static ObjectMapper mapper() {
    return JsonMapper.builder()
        .addModule(new JavaTimeModule())
        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .build();
  }

  /**
   * A mapper for what is asked. A field without a value is left out: a gateway of an older version
   * refuses fields that it does not know, and there is nothing to refuse in one that says nothing.
   */
  public static ObjectMapper requests() {
    return mapper().setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL);
  }
}

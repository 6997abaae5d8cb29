package io.moongate.management.api;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A problem document (RFC 9457), {@code application/problem+json}.
 *
 * @param type URI that names the sort of problem
 * @param title the sort of problem, for people
 * @param status HTTP status code
 * @param detail what is wrong here, for people
 * @param instance path of the request; null when the request could not be parsed that far
 * @param field extension: the field of the body, the query parameter or the path element that it is
 *     about; null when it is about none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Problem(
    String type, String title, int status, String detail, String instance, String field) {

  /** Media type of a problem document. */
  public static final String MEDIA_TYPE = "application/problem+json";
}

package io.moongate.management.api;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Data of the events {@code hello} and {@code reset} of {@code GET /changes}.
 *
 * @param gateway name of the gateway that answers
 * @param viewVersion number of the last change that it had learnt then
 */
public record ChangesHello(String gateway, @JsonProperty("view-version") long viewVersion) {}

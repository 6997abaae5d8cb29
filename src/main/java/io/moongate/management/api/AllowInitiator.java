package io.moongate.management.api;

import java.util.List;

/**
 * Body of {@code PUT /targets/IQN/initiators/INITIATOR}. It replaces what was said of the initiator
 * before, but for a secret that is not given.
 *
 * @param chap by which it authenticates itself; null: by the target's own, if it has any
 * @param luns what it sees; null: every LUN of the target under its own number
 * @param remark for people, at most 255 characters; may be null
 */
public record AllowInitiator(SetChap chap, List<Initiator.Lun> luns, String remark) {}

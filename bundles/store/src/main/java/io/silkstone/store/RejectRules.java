package io.silkstone.store;

import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;

/** Applies the conditions of {@link WriteOptions}, in the order that is written there. */
final class RejectRules {
    private RejectRules() {}

    /** What the rules say where there is no object. */
    static Status judgeMissing(WriteOptions options) {
        boolean needed = options.rejectsMissing() || options.requiredVersion() != 0;
        return needed ? Status.NOT_FOUND : Status.OK;
    }

    /** What the rules say of an object of {@code version}. */
    static Status judgePresent(long version, WriteOptions options) {
        if (options.rejectsExisting()) {
            return Status.EXISTS;
        }
        if (options.requiredVersion() != 0 && options.requiredVersion() != version) {
            return Status.WRONG_VERSION;
        }
        return version <= options.rejectedUpToVersion() ? Status.OLD_VERSION : Status.OK;
    }
}

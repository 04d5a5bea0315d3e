package io.silkstone.base.policy;

/**
 * A strategy broke its contract. Carries a sentence and no cause: a stack trace would keep the
 * strategy's class loader alive.
 */
public final class StrategyFault extends Exception {
    private static final long serialVersionUID = 1;

    StrategyFault(String sentence) {
        super(sentence, null, false, false);
    }
}

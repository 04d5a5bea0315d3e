package io.silkstone.threads;

/**
 * A core policy broke its contract. Carries a sentence and no cause: a stack trace would keep the
 * policy's class loader alive.
 */
final class PolicyFault extends Exception {
    private static final long serialVersionUID = 1;

    PolicyFault(String sentence) {
        super(sentence, null, false, false);
    }
}

package io.silkstone.node.deploy;

/** Whether what is dropped in must be signed. A signature that is there must fit in any case. */
enum SignatureRule {
    /** Must be signed as soon as {@code etc/trusted-keys} holds a key. */
    AUTO,
    /** Must be signed. */
    REQUIRED,
    /** Need not be signed. */
    OPTIONAL
}

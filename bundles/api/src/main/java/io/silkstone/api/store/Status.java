package io.silkstone.api.store;

/** How an operation ended. */
public enum Status {
    /** Done. */
    OK,
    /** There is no such object, or it has expired. */
    NOT_FOUND,
    /** There is such an object, and a reject rule forbids that. */
    EXISTS,
    /** The object's version is not the one that a reject rule asks for. */
    WRONG_VERSION,
    /** The object's version is not above the one that a reject rule names. */
    OLD_VERSION,
    /** The value is not a decimal 64-bit number. */
    NOT_A_NUMBER,
    /** The sum does not fit 64 bits. */
    OVERFLOW,
    /** Key or value is longer than the store takes, or a batch of changes is. */
    TOO_LARGE,
    /** Memory is full of live objects: remove some, or give the node more. */
    OUT_OF_MEMORY,
    /** The keys of what is to be one step lie in several tablets. */
    SEVERAL_TABLETS,
    /** Nothing was wrong with this change, but the batch that it belongs to was not made. */
    ABANDONED,
    /** The table was dropped. */
    NO_SUCH_TABLE,
    /** Another server has this key. */
    NOT_OWNER,
    /** The client has said before that it has the answer to this request; nothing was done. */
    STALE_REQUEST,
    /** Not now; the same request succeeds in a moment. */
    RETRY_LATER,
    /** Nobody serves this key now: the server that had it is down. Nothing was done. */
    UNAVAILABLE,
    /** The disk that the log is kept on is full, or fails. Nothing was done; reads go on. */
    DISK_FAILED,
    /**
     * No answer came in time, so nobody knows: a change may have been made, may yet be made, or
     * not. Only from stores in other processes.
     */
    UNKNOWN
}

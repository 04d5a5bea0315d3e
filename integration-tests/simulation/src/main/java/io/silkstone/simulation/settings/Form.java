package io.silkstone.simulation.settings;

/** How a value is written, and which values are allowed. */
public interface Form<T> {
    /**
     * Reads {@code text}.
     *
     * @param what whose value it is, for the message
     * @throws IllegalArgumentException with a sentence that names {@code what} and says what is
     *     allowed, when {@code text} is not
     */
    T read(String what, String text);

    /** What is allowed, for people, as it follows on "must be". */
    String allowed();

    /** The refusal of {@code text}, of which only that is known that it is not allowed. */
    default IllegalArgumentException refusal(String what, String text) {
        return new IllegalArgumentException(
                what + " must be " + allowed() + ", was " + Quoted.of(text) + ".");
    }
}

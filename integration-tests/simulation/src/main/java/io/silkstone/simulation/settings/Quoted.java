package io.silkstone.simulation.settings;

/** Words of somebody's file as they can stand in a message, whatever they are. */
public final class Quoted {
    private static final int LENGTH_MAX = 60;

    private Quoted() {}

    /** The beginning of {@code text} between quotation marks, without control characters. */
    public static String of(String text) {
        String seen = text.replaceAll("\\p{Cntrl}", "?");
        return '"'
                + (seen.length() > LENGTH_MAX ? seen.substring(0, LENGTH_MAX) + "..." : seen)
                + '"';
    }
}

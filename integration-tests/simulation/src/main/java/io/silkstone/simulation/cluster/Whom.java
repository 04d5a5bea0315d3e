package io.silkstone.simulation.cluster;

import java.util.Locale;

/**
 * Whom an event befalls.
 *
 * @param number of a server or client; {@link #SOME} when the seed picks one
 */
record Whom(Sort sort, int number) {
    static final int SOME = -1;

    static final Whom SOME_SERVER = new Whom(Sort.SERVER, SOME);
    static final Whom SOME_CLIENT = new Whom(Sort.CLIENT, SOME);
    static final Whom COORDINATOR = new Whom(Sort.COORDINATOR, SOME);
    static final Whom EVERYBODY = new Whom(Sort.EVERYBODY, SOME);

    /** Those of which there is one by a number, and those that stand for several. */
    enum Sort {
        SERVER,
        CLIENT,
        COORDINATOR,
        SOMEBODY,
        SERVERS,
        CLIENTS,
        EVERYBODY
    }

    /** Of words such as {@code server 2}, {@code some client} or {@code coordinator}. */
    static Whom of(String words) {
        String[] parts = words.split(" ");
        String last = parts[parts.length - 1];
        boolean isNumbered = Character.isDigit(last.charAt(0));
        String sort = isNumbered ? parts[0] : last;
        return new Whom(
                Sort.valueOf(sort.toUpperCase(Locale.ROOT)),
                isNumbered ? Integer.parseInt(last) : SOME);
    }

    boolean isNumbered() {
        return number != SOME;
    }

    @Override
    public String toString() {
        String name = sort.name().toLowerCase(Locale.ROOT);
        return isNumbered() ? name + ' ' + number : name;
    }
}

package io.silkstone.simulation.cluster;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.simulation.settings.Forms;
import io.silkstone.simulation.settings.Quoted;
import java.util.Locale;
import java.util.function.Function;

/** What can be put into the sentence of an event, where its form has a word in capitals. */
enum Slot {
    SERVER(Words.SERVER, Whom::of, "`server N` or `some server`"),
    CLIENT(Words.CLIENT, Whom::of, "`client N` or `some client`"),
    PLACE(Words.PLACE, Whom::of, "SERVER, CLIENT or `coordinator`"),
    PLACES(
            Words.PLACE + "|servers|clients|everybody",
            Whom::of,
            "PLACE, `servers`, `clients` or `everybody`"),
    WHO(
            Words.PLACE + "|somebody",
            Whom::of,
            "PLACE or `somebody`, which is the coordinator in two of six times, a client in one"),
    WHEN(
            "idle|writing",
            "idle"::equals,
            "`idle`, or `writing`, which takes until its disk is, but at most `trouble.time`"),
    TABLE(
            KvStore.DEFAULT_TABLE + "|" + Tables.PASSING,
            text -> text,
            "`default` or `passing`, which comes and goes"),
    SLOT(
            ".+",
            text -> Forms.number(1, Key.SLOTS - 1).read("SLOT", text),
            "a hash slot, 1 to 16383"),
    PARTY(
            "sender|receiver|both|either",
            text -> Party.valueOf(text.toUpperCase(Locale.ROOT)),
            "`sender`, `receiver`, `both`, or `either` of them, of those that are no clients"),
    STEP(
            "some (?:migration |copying |log-order |recovery )?step|(?:"
                    + Protocol.ANSWER
                    + ")?[A-Z][A-Za-z]+",
            Words::step,
            "`some step`, `some migration step`, `some copying step`, `some log-order step`,"
                    + " `some recovery step`, or a request of one of them as the schema calls it,"
                    + " such as `TakeTablet`, or `answer to` it"),
    COUNT(".+", text -> Forms.number(0, 64).read("COUNT", text), "0 to 64"),
    TIME(
            ".+",
            text -> Forms.times(1, 1, Words.TIME_NANOS_MAX).read("TIME", text),
            "a time or a range of times");

    /** Of those between whom a message goes. */
    enum Party {
        SENDER,
        RECEIVER,
        BOTH,
        EITHER
    }

    private final String regex;
    private final Function<String, Object> reading;
    private final String meaning;

    Slot(String regex, Function<String, Object> reading, String meaning) {
        this.regex = regex;
        this.reading = reading;
        this.meaning = meaning;
    }

    /** For more than one of them. */
    private static final class Words {
        private static final String SERVER = "some server|server [0-9]{1,3}";
        private static final String CLIENT = "some client|client [0-9]{1,3}";
        private static final String PLACE = SERVER + "|" + CLIENT + "|coordinator";
        private static final long TIME_NANOS_MAX = 3_600_000_000_000L;

        private static String step(String text) {
            if (Protocol.meant(text, true).isEmpty()) {
                throw new IllegalArgumentException(
                        "STEP must be %s, or the answer to one, was %s."
                                .formatted(String.join(", ", Protocol.MIGRATION), Quoted.of(text)));
            }
            return text;
        }
    }

    /** What may stand there. */
    String regex() {
        return regex;
    }

    /** What {@code text} means, which stands there. */
    Object read(String text) {
        return reading.apply(text);
    }

    /** For people. */
    String meaning() {
        return meaning;
    }
}

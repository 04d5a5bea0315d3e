package io.silkstone.simulation.cluster;

import io.silkstone.simulation.settings.Form;
import io.silkstone.simulation.settings.Quoted;
import io.silkstone.simulation.settings.Range;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.stream.Collectors;

/**
 * Something that befalls a cluster, as far as it was said what; the seed draws the rest.
 *
 * @param text how it was said
 * @param parts what was said in its slots
 */
record Event(EventKind kind, String text, Map<Slot, Object> parts) {
    /** Sentences of the forms of {@link EventKind}. */
    static final Form<Event> FORM =
            new Form<>() {
                @Override
                public Event read(String what, String text) {
                    String sentence = text.replaceAll("\\s+", " ");
                    for (EventKind kind : EventKind.values()) {
                        Matcher matcher = kind.matcher(sentence);
                        if (matcher.matches()) {
                            return of(kind, sentence, matcher);
                        }
                    }
                    throw noEvent(what, sentence);
                }

                @Override
                public String allowed() {
                    return "an event";
                }
            };

    private static Event of(EventKind kind, String sentence, Matcher matcher) {
        Map<Slot, Object> parts = new EnumMap<>(Slot.class);
        for (Slot slot : kind.slots()) {
            String said = matcher.group(slot.name());
            if (said != null) {
                parts.put(slot, slot.read(said));
            }
        }
        return new Event(kind, sentence, parts);
    }

    /** Names the forms of sentences that begin in the same way, or else all. */
    private static IllegalArgumentException noEvent(String what, String sentence) {
        String verb = sentence.split(" ")[0] + " ";
        List<String> forms = Arrays.stream(EventKind.values()).map(EventKind::form).toList();
        boolean isKnown = forms.stream().anyMatch(form -> form.startsWith(verb));
        return new IllegalArgumentException(
                "%s must be %s, was %s."
                        .formatted(
                                what,
                                forms.stream()
                                        .filter(form -> !isKnown || form.startsWith(verb))
                                        .collect(Collectors.joining(" or ")),
                                Quoted.of(sentence)));
    }

    /** What is in {@code slot}, if anything. */
    private <T> Optional<T> part(Slot slot, Class<T> type) {
        return Optional.ofNullable(parts.get(slot)).map(type::cast);
    }

    /** Whom it befalls; some server when nobody is named. */
    Whom whom() {
        for (Slot slot : List.of(Slot.SERVER, Slot.CLIENT, Slot.PLACE, Slot.WHO)) {
            if (parts.containsKey(slot)) {
                return (Whom) parts.get(slot);
            }
        }
        return Whom.SOME_SERVER;
    }

    /** From whom it is cut. */
    Optional<Whom> from() {
        return part(Slot.PLACES, Whom.class);
    }

    /** How long it lasts. */
    Optional<Range> time() {
        return part(Slot.TIME, Range.class);
    }

    /** Whether the coordinator dies while it does nothing. */
    Optional<Boolean> idle() {
        return part(Slot.WHEN, Boolean.class);
    }

    /** The name of the table. */
    Optional<String> table() {
        return part(Slot.TABLE, String.class);
    }

    /** Which of those between whom a message goes. */
    Slot.Party party() {
        return part(Slot.PARTY, Slot.Party.class).orElseThrow();
    }

    /** For which message it waits, in words for {@link Protocol#meant}. */
    String step() {
        return part(Slot.STEP, String.class).orElseThrow();
    }

    /** Where the tablet is cut. */
    Optional<Integer> slot() {
        return part(Slot.SLOT, Integer.class);
    }

    /** How many tablets. */
    Optional<Integer> count() {
        return part(Slot.COUNT, Integer.class);
    }

    /** Servers and clients that it calls by their numbers. */
    List<Whom> named() {
        List<Whom> named = new ArrayList<>();
        for (Object part : parts.values()) {
            if (part instanceof Whom whom && whom.isNumbered()) {
                named.add(whom);
            }
        }
        return named;
    }
}

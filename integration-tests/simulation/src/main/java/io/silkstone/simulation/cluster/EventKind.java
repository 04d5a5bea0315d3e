package io.silkstone.simulation.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What can befall a cluster. A constant gives the form of its sentence, in which words in capitals
 * are {@link Slot}s and what is in brackets may be missing; what a sentence leaves out, the seed
 * draws. {@link Troubles} plays it.
 */
enum EventKind {
    KILL_SERVER("kill SERVER [for TIME]", true, "as kill -9; it comes back empty"),
    RETIRE_SERVER("retire SERVER [for TIME]", false, "it says good-bye, and comes back empty"),
    RESTART_SERVER("restart SERVER", true, "starts one that was killed or retired"),
    KILL_COORDINATOR(
            "kill coordinator [WHEN] [for TIME]",
            false,
            "as kill -9, at once or when its disk is in the middle of a write; the disk stays"),
    RESTART_COORDINATOR("restart coordinator", true, "starts it when it was killed"),
    KILL_CLIENT("kill CLIENT", true, "for ever, unless it is the last one"),
    PAUSE("pause WHO [for TIME]", true, "its threads stand still, its clock goes on"),
    CUT(
            "cut PLACE [from PLACES] [for TIME]",
            true,
            "no message comes through, neither way; a server by default from the coordinator or"
                    + " from everybody, others from everybody"),
    MEND("mend network", true, "ends all cuts"),
    KILL_AT(
            "kill PARTY at STEP [for TIME]",
            false,
            "has such a message sent, and kills those between whom it goes, before or after it"
                    + " comes; it is waited for for half a second, or three seconds behind `at`"),
    CUT_AT("cut PARTY at STEP [for TIME]", false, "cuts them off instead, from everybody"),
    PAUSE_AT("pause PARTY at STEP [for TIME]", false, "has them stand still instead"),
    DAMAGE(
            "damage SERVER",
            true,
            "turns over bits of replicas on its disk, which had been made safe and of which others"
                    + " have the same"),
    SPLIT("split some tablet [of TABLE] [at slot SLOT]", false, "the operator cuts it in two"),
    ASSIGN(
            "assign some tablet [of TABLE] [to SERVER]",
            false,
            "the operator gives tablets away, those in which there is nothing"),
    MIGRATE(
            "migrate some tablet [of TABLE] [to SERVER]",
            false,
            "the operator has a server fetch a tablet with all that is in it"),
    RENEW_TABLE("renew passing table", false, "drops it and makes it again"),
    DROP_TABLE("drop passing table", false, "if it is there"),
    MAKE_TABLE("make passing table [of COUNT tablets]", false, "if it is not there");

    private final String form;
    private final boolean isQuick;
    private final String meaning;
    private final List<Slot> slots = new ArrayList<>();
    private final Pattern pattern;

    EventKind(String form, boolean isQuick, String meaning) {
        this.form = form;
        this.isQuick = isQuick;
        this.meaning = meaning;
        pattern = Pattern.compile(regex());
    }

    private String regex() {
        String regex = form.replace(" [", "(?: ").replace("]", ")?");
        for (Slot slot : Slot.values()) {
            String word = "\\b" + slot.name() + "\\b";
            if (Pattern.compile(word).matcher(form).find()) {
                slots.add(slot);
                String group = "(?<" + slot.name() + ">" + slot.regex() + ")";
                regex = regex.replaceFirst(word, Matcher.quoteReplacement(group));
            }
        }
        return regex;
    }

    /** How it is written. */
    String form() {
        return form;
    }

    /** Whether it begins and is done in one step; what others do takes time. */
    boolean isQuick() {
        return isQuick;
    }

    /** For people. */
    String meaning() {
        return meaning;
    }

    /** What its form has in capitals. */
    List<Slot> slots() {
        return List.copyOf(slots);
    }

    /** Matches {@code sentence} against the form; there are single spaces between its words. */
    Matcher matcher(String sentence) {
        return pattern.matcher(sentence);
    }
}

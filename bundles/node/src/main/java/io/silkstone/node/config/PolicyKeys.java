package io.silkstone.node.config;

import java.util.regex.Pattern;

/** The configuration of wanted policies: its keys are kinds, its values names of policies. */
public final class PolicyKeys {
    /** Its PID. */
    public static final String PID = "io.silkstone.policies";

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,63}");

    private PolicyKeys() {}

    /** Whether {@code word} can be a kind's or a policy's name. */
    public static boolean isName(String word) {
        return word != null && NAME.matcher(word).matches();
    }
}

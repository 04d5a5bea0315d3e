package io.silkstone.node;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Guesses what a mistyped word was meant to be, for sentences that end in "did you mean ...?". */
public final class Spelling {
    private static final int WORD_LENGTH_MAX = 200;

    private Spelling() {}

    /** The nearest of {@code words} when it is near enough to be meant; ties go by alphabet. */
    public static Optional<String> nearest(String typed, Collection<String> words) {
        int distanceMax = Math.max(1, typed.length() / 4);
        return words.stream()
                .filter(word -> distance(typed, word) <= distanceMax)
                .min(
                        Comparator.comparingInt((String word) -> distance(typed, word))
                                .thenComparing(Comparator.naturalOrder()));
    }

    /** {@code " Did you mean "cores"?"} with the blank in front, or nothing. */
    public static String hint(String typed, Collection<String> words) {
        return nearest(typed, words).map(word -> " Did you mean \"" + word + "\"?").orElse("");
    }

    /** Letters to insert, delete or replace (Levenshtein), row by row. */
    static int distance(String left, String right) {
        if (left.length() > WORD_LENGTH_MAX || right.length() > WORD_LENGTH_MAX) {
            return left.equals(right) ? 0 : WORD_LENGTH_MAX;
        }
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int replaced = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[right.length()];
    }
}

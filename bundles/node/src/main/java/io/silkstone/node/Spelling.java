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

    /** Letters to insert, delete, replace or swap with their neighbour. */
    static int distance(String left, String right) {
        if (left.length() > WORD_LENGTH_MAX || right.length() > WORD_LENGTH_MAX) {
            return left.equals(right) ? 0 : WORD_LENGTH_MAX;
        }
        int[][] distances = new int[left.length() + 1][right.length() + 1];
        for (int i = 0; i <= left.length(); i++) {
            for (int j = 0; j <= right.length(); j++) {
                if (i == 0 || j == 0) {
                    distances[i][j] = i + j;
                    continue;
                }
                boolean same = left.charAt(i - 1) == right.charAt(j - 1);
                int best = distances[i - 1][j - 1] + (same ? 0 : 1);
                best = Math.min(best, 1 + Math.min(distances[i - 1][j], distances[i][j - 1]));
                boolean swapped =
                        i > 1
                                && j > 1
                                && left.charAt(i - 1) == right.charAt(j - 2)
                                && left.charAt(i - 2) == right.charAt(j - 1);
                distances[i][j] = swapped ? Math.min(best, 1 + distances[i - 2][j - 2]) : best;
            }
        }
        return distances[left.length()][right.length()];
    }
}

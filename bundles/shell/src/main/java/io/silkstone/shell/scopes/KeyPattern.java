package io.silkstone.shell.scopes;

import java.nio.charset.StandardCharsets;

/**
 * A pattern for keys: {@code *} stands for any bytes, {@code ?} for one, all else for itself. A key
 * of any bytes can be asked; the time is at most the product of both lengths.
 */
final class KeyPattern {
    private final byte[] pattern;

    KeyPattern(String pattern) {
        this.pattern = pattern.getBytes(StandardCharsets.UTF_8);
    }

    boolean fits(byte[] key) {
        int at = 0;
        int star = -1;
        int resume = 0;
        int index = 0;
        while (index < key.length) {
            if (at < pattern.length && pattern[at] == '*') {
                star = at++;
                resume = index;
            } else if (at < pattern.length && (pattern[at] == '?' || pattern[at] == key[index])) {
                at++;
                index++;
            } else if (star >= 0) {
                at = star + 1;
                index = ++resume;
            } else {
                return false;
            }
        }
        while (at < pattern.length && pattern[at] == '*') {
            at++;
        }
        return at == pattern.length;
    }
}

package io.silkstone.gateway.acl;

import io.silkstone.gateway.resp.Glob;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A user. Its rules are one immutable value that is replaced as a whole, so that a client's thread
 * checks a request against one state of them. Threads: any.
 */
public final class AclUser {
    private final String name;
    private volatile Rules rules;
    private volatile byte[] remembered;

    AclUser(String name, Rules rules) {
        this.name = name;
        this.rules = rules;
    }

    /**
     * What a user may do.
     *
     * @param on whether it may authenticate itself at all
     * @param noPassword whether any password is right
     * @param passwords the passwords that are right
     * @param everyCommand whether all commands are allowed
     * @param commands numbers of the allowed commands
     * @param commandRules the rules that made them, in order
     * @param everyKey whether all keys are allowed
     * @param patterns patterns of the allowed keys
     * @param patternTexts the same as they were written
     */
    record Rules(
            boolean on,
            boolean noPassword,
            List<PasswordHash> passwords,
            boolean everyCommand,
            BitSet commands,
            List<String> commandRules,
            boolean everyKey,
            List<Glob> patterns,
            List<String> patternTexts) {
        /** A user as SETUSER creates it: off, no password, no command, no key. */
        static final Rules NONE =
                new Rules(
                        false,
                        false,
                        List.of(),
                        false,
                        new BitSet(),
                        List.of("-@all"),
                        false,
                        List.of(),
                        List.of());

        boolean mayEverything() {
            return everyCommand && everyKey;
        }

        /** Whether a client that has not said who it is may act by these rules. */
        boolean admitsStrangers() {
            return on && noPassword;
        }

        /** These, with other passwords. */
        Rules withPasswords(boolean none, List<PasswordHash> right) {
            return new Rules(
                    on,
                    none,
                    right,
                    everyCommand,
                    commands,
                    commandRules,
                    everyKey,
                    patterns,
                    patternTexts);
        }
    }

    /** Its name. */
    public String name() {
        return name;
    }

    Rules rules() {
        return rules;
    }

    void rules(Rules changed) {
        rules = changed;
        remembered = null;
    }

    /** Whether it may authenticate itself. */
    public boolean on() {
        return rules.on();
    }

    /** Whether it needs no password. */
    public boolean noPassword() {
        return rules.noPassword();
    }

    /** Whether no check is needed. */
    public boolean mayEverything() {
        return rules.mayEverything();
    }

    /** Whether it may run the command with this number. */
    public boolean mayRun(int command) {
        Rules now = rules;
        return now.everyCommand() || now.commands().get(command);
    }

    /** Whether it may use all keys. */
    public boolean mayEveryKey() {
        return rules.everyKey();
    }

    /** Whether it may use a key. */
    public boolean mayKey(MemorySegment memory, long offset, int length) {
        Rules now = rules;
        if (now.everyKey()) {
            return true;
        }
        for (Glob pattern : now.patterns()) {
            if (pattern.matches(memory, offset, length)) {
                return true;
            }
        }
        return false;
    }

    byte[] remembered() {
        return remembered;
    }

    void remember(byte[] digest) {
        remembered = digest;
    }

    /** The rules as text, as SETUSER takes them. */
    public String describe() {
        Rules now = rules;
        List<String> words = new ArrayList<>();
        words.add(now.on() ? "on" : "off");
        if (now.noPassword()) {
            words.add("nopass");
        }
        now.passwords().forEach(password -> words.add("#" + password));
        words.add(keys());
        words.add(commands());
        words.removeIf(String::isEmpty);
        return String.join(" ", words);
    }

    /** The key rules as text. */
    public String keys() {
        Rules now = rules;
        if (now.everyKey()) {
            return "~*";
        }
        return String.join(" ", now.patternTexts().stream().map(text -> "~" + text).toList());
    }

    /** The command rules as text. */
    public String commands() {
        return String.join(" ", rules.commandRules());
    }

    /** The password hashes as text. */
    public List<String> passwords() {
        return rules.passwords().stream().map(PasswordHash::toString).toList();
    }

    @Override
    public String toString() {
        return "user " + name + " " + describe();
    }
}

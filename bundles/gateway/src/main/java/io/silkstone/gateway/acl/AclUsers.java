package io.silkstone.gateway.acl;

import io.silkstone.gateway.acl.AclUser.Rules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The users of a gateway. There is always one called {@code default}: clients that have not said
 * who they are act as it, unless it has a password.
 *
 * <p>Two things hold whatever is asked for, by SETUSER, by LOAD or by the node's settings: while
 * the node is {@link #guard guarded}, the default user admits nobody without a password; and the
 * password that the node {@link #require requires} survives a LOAD.
 *
 * <p>Checking a password is slow on purpose. So that clients which connect often do not pay each
 * time, the last right password of each user is remembered as a keyed digest under a key that lives
 * only in this process; a wrong password always pays in full.
 *
 * <p>Threads: any; changes are made one at a time.
 */
public final class AclUsers {
    /** Name of the user that clients act as at first. */
    public static final String DEFAULT = "default";

    /** Iterations of PBKDF2 for new passwords. */
    public static final int ITERATIONS = 210_000;

    private static final int USERS_MAX = 10_000;
    private static final int KEY_BYTES = 32;
    private static final String DIGEST = "HmacSHA256";

    private final CommandCatalogue catalogue;
    private final RandomGenerator random;
    private final int iterations;
    private final Runnable pause;
    private final Path file;
    private final SecretKeySpec rememberKey;
    private final ConcurrentSkipListMap<String, AclUser> users = new ConcurrentSkipListMap<>();

    /** Passwords that the default user has without the one that the node requires. */
    private Rules own;

    private PasswordHash required;
    private boolean guarded;

    /** Who gets in, to be put back when a change of the node's settings fails half-way. */
    public static final class Access {
        private final Rules rules;
        private final Rules own;
        private final PasswordHash required;
        private final boolean guarded;

        private Access(AclUsers users) {
            rules = users.defaultUser().rules();
            own = users.own;
            required = users.required;
            guarded = users.guarded;
        }
    }

    /**
     * Only the default user, who may do everything.
     *
     * @param file where SAVE writes and LOAD reads, or null
     * @param iterations of PBKDF2 for new passwords
     * @param pause called between slices of slow work
     */
    public AclUsers(
            CommandCatalogue catalogue,
            RandomGenerator random,
            int iterations,
            Path file,
            Runnable pause) {
        this.catalogue = catalogue;
        this.random = random;
        this.iterations = iterations;
        this.file = file;
        this.pause = pause;
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        rememberKey = new SecretKeySpec(key, DIGEST);
        users.put(DEFAULT, new AclUser(DEFAULT, everything()));
    }

    private Rules everything() {
        AclRules rules = new AclRules(catalogue, iterations, random, pause, Rules.NONE);
        try {
            for (String rule : List.of("on", "nopass", "allkeys", "allcommands")) {
                rules.apply(rule);
            }
        } catch (AclRefused impossible) {
            throw new AssertionError(impossible);
        }
        return rules.result();
    }

    /** The user called {@code name}, or null. */
    public AclUser user(String name) {
        return users.get(name);
    }

    /** The default user. */
    public AclUser defaultUser() {
        return users.get(DEFAULT);
    }

    /** Whom a client that just connected acts as, or null when it must authenticate itself. */
    public AclUser stranger() {
        AclUser user = defaultUser();
        return user.rules().admitsStrangers() ? user : null;
    }

    /**
     * Gives the default user {@code password} instead of its own ones, now and after each {@link
     * #load}.
     *
     * @param password empty to give it its own ones back
     * @throws AclRefused when the node is guarded and it had none of its own
     */
    public synchronized void require(String password) throws AclRefused {
        Rules present = defaultUser().rules();
        Rules without = required == null ? present : own;
        PasswordHash hash =
                password.isEmpty()
                        ? null
                        : PasswordHash.of(PasswordHash.bytes(password), iterations, random, pause);
        Rules changed = covered(present, without, hash);
        check(DEFAULT, changed, guarded);
        own = without;
        required = hash;
        defaultUser().rules(changed);
    }

    /** {@code rules} with the required password, or with those of {@code without}. */
    private static Rules covered(Rules rules, Rules without, PasswordHash required) {
        return required == null
                ? rules.withPasswords(without.noPassword(), without.passwords())
                : rules.withPasswords(false, List.of(required));
    }

    /**
     * Says whether strangers are to be kept out, because other machines can reach the node. From
     * then on every change that would let them in is refused.
     *
     * @throws AclRefused when they get in as it is
     */
    public synchronized void guard(boolean wanted) throws AclRefused {
        check(DEFAULT, defaultUser().rules(), wanted);
        guarded = wanted;
    }

    private static void check(String name, Rules rules, boolean guarded) throws AclRefused {
        if (guarded && name.equals(DEFAULT) && rules.admitsStrangers()) {
            throw new AclRefused(
                    "other machines can reach this node, so the default user needs a password,"
                            + " or must be off");
        }
    }

    /** Who gets in now. */
    public synchronized Access access() {
        return new Access(this);
    }

    /** Lets those in who got in {@code before}. */
    public synchronized void access(Access before) {
        own = before.own;
        required = before.required;
        guarded = before.guarded;
        if (defaultUser().rules() != before.rules) {
            defaultUser().rules(before.rules);
        }
    }

    /** Every user, by name. */
    public List<AclUser> all() {
        return List.copyOf(users.values());
    }

    /**
     * Creates or changes a user; all rules are applied, or none.
     *
     * @throws AclRefused when a rule is wrong, or would let strangers into a guarded node
     */
    public synchronized void set(String name, List<String> rules) throws AclRefused {
        if (name.isEmpty() || name.chars().anyMatch(c -> c <= ' ' || c == 127)) {
            throw new AclRefused("Usernames can't contain spaces or null characters");
        }
        AclUser user = users.get(name);
        if (user == null && users.size() >= USERS_MAX) {
            throw new AclRefused("There are " + USERS_MAX + " users already");
        }
        Rules changed = apply(user == null ? Rules.NONE : user.rules(), rules);
        check(name, changed, guarded);
        if (user == null) {
            users.put(name, new AclUser(name, changed));
        } else {
            user.rules(changed);
        }
    }

    private Rules apply(Rules present, List<String> rules) throws AclRefused {
        AclRules applied = new AclRules(catalogue, iterations, random, pause, present);
        for (String rule : rules) {
            applied.apply(rule);
        }
        return applied.result();
    }

    /**
     * Removes a user.
     *
     * @return the user, or null when there was none
     * @throws AclRefused for the default user
     */
    public synchronized AclUser remove(String name) throws AclRefused {
        if (name.equals(DEFAULT)) {
            throw new AclRefused("The 'default' user cannot be removed");
        }
        return users.remove(name);
    }

    /**
     * The user, when {@code password} is right and it may come in; null otherwise. Slow unless
     * {@link #isQuick}.
     */
    public AclUser authenticate(String name, byte[] password) {
        AclUser user = users.get(name);
        if (user == null || !user.on()) {
            // Takes the time of a wrong password, so that guesses do not tell which users exist.
            PasswordHash.of(password, iterations, random, pause);
            return null;
        }
        Rules rules = user.rules();
        if (rules.noPassword()) {
            return user;
        }
        byte[] digest = digest(password);
        byte[] remembered = user.remembered();
        if (remembered != null && MessageDigest.isEqual(remembered, digest)) {
            return user;
        }
        for (PasswordHash hash : rules.passwords()) {
            if (hash.matches(password, pause)) {
                // Rules that changed meanwhile cleared what is remembered; so it stays.
                if (user.rules() == rules) {
                    user.remember(digest);
                }
                return user;
            }
        }
        return null;
    }

    /** Whether {@link #authenticate} will answer at once. */
    public boolean isQuick(String name, byte[] password) {
        AclUser user = users.get(name);
        if (user == null || !user.on()) {
            return false;
        }
        if (user.noPassword()) {
            return true;
        }
        byte[] remembered = user.remembered();
        return remembered != null && MessageDigest.isEqual(remembered, digest(password));
    }

    private byte[] digest(byte[] password) {
        try {
            Mac mac = Mac.getInstance(DIGEST);
            mac.init(rememberKey);
            return mac.doFinal(password);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has " + DIGEST, impossible);
        }
    }

    /** Where users are kept, or null. */
    public Path file() {
        return file;
    }

    /**
     * Replaces the users by those of the file: lines of {@code user <name> <rules>}. All or none; a
     * default user that the file does not name is as at the start. The password that the node
     * requires stays the default user's, as when the node starts.
     *
     * @throws AclRefused naming the file and the line, or saying that the default user would admit
     *     strangers to a guarded node
     * @throws IOException when the file cannot be read
     */
    public synchronized void load() throws AclRefused, IOException {
        TreeMap<String, Rules> loaded = new TreeMap<>();
        loaded.put(DEFAULT, everything());
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            List<String> words = List.of(line.split("\\s+"));
            if (words.size() < 2 || !words.get(0).equals("user")) {
                throw new AclRefused(file + ":" + (i + 1) + " should begin with 'user <name>'");
            }
            try {
                loaded.put(words.get(1), apply(Rules.NONE, words.subList(2, words.size())));
            } catch (AclRefused wrong) {
                throw new AclRefused(file + ":" + (i + 1) + ": " + wrong.getMessage());
            }
        }
        Rules named = loaded.get(DEFAULT);
        Rules admitted = required == null ? named : covered(named, named, required);
        try {
            check(DEFAULT, admitted, guarded);
        } catch (AclRefused open) {
            throw new AclRefused(file + ": " + open.getMessage());
        }
        loaded.put(DEFAULT, admitted);
        own = named;
        users.keySet().retainAll(loaded.keySet());
        loaded.forEach(
                (name, rules) ->
                        users.compute(
                                name,
                                (same, user) -> {
                                    if (user == null) {
                                        return new AclUser(name, rules);
                                    }
                                    user.rules(rules);
                                    return user;
                                }));
    }

    /**
     * Writes the users to the file, which only its owner may read.
     *
     * @throws IOException when it cannot be written; the file is then as before
     */
    public synchronized void save() throws IOException {
        List<String> lines = new ArrayList<>();
        users.values().forEach(user -> lines.add(user.toString()));
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(
                fresh,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(fresh, lines, StandardCharsets.UTF_8);
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}

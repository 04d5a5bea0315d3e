package io.silkstone.node.config;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.node.Node.Setting;
import io.silkstone.base.EpochClock;
import io.silkstone.node.Spelling;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The files in {@code etc}, one a PID, and the configuration made of them.
 *
 * <p>A file is taken whole or not at all. Before ConfigAdmin hears of it every line is checked
 * against the rules that the bundles carry; a wrong file is reported, line by line, and the last
 * good values stay in force. A file may also pass the rules and still be refused by its component
 * (two keys that do not go together): an edit is on trial for a while, and {@link #scan} goes back
 * to the last values that passed theirs. A file that is being written is left alone until it has
 * looked the same in two scans.
 *
 * <p>Threads: any; one at a time works, the others wait.
 */
final class EtcDirectory implements ConfigStore {
    private static final System.Logger LOG = System.getLogger(EtcDirectory.class.getName());
    private static final String SUFFIX = ".cfg";
    private static final String OWN_PREFIX = "io.silkstone.";
    private static final int FILES_MAX = 1_000;

    /** Ten seconds of {@link #scan}: a component may get its settings late on a busy machine. */
    private static final int TRIAL_LOOKS = 20;

    /** What follows the description of a key whose value in the file is not in force yet. */
    private static final String WAITING = " (\"%s\" in %s waits for the next start)";

    private static final Pattern PID = Pattern.compile("[A-Za-z0-9_.-]+(~[A-Za-z0-9_.-]+)?");

    private final Path directory;
    private final ConfigTarget target;
    private final EpochClock clock;
    private final Counter refusals;

    /** By bundle, so that a bundle takes its rules with it; of one PID the newest bundle's hold. */
    private final Map<Long, List<ConfigSchema>> schemas = new TreeMap<>();

    private final Map<String, FileState> files = new TreeMap<>();

    /** By PID, what a component started with: some keys keep that until it starts again. */
    private final Map<String, Map<String, Object>> startedWith = new TreeMap<>();

    EtcDirectory(Path directory, ConfigTarget target, EpochClock clock, Counter refusals) {
        this.directory = directory;
        this.target = target;
        this.clock = clock;
        this.refusals = refusals;
    }

    /**
     * Reads every file before the first component starts.
     *
     * @throws ConfigRefused when a file is wrong: a node does not start on half a configuration
     */
    synchronized void start() throws ConfigRefused, IOException {
        for (Path file : cfgFiles()) {
            FileState state = new FileState();
            files.put(nameOf(file), state);
            state.stamp = Stamp.of(file);
            take(file, state, false);
        }
        for (String stale : target.fromFiles()) {
            if (!files.containsKey(stale + SUFFIX)) {
                target.delete(stale);
            }
        }
        List<String> problems = problems();
        if (!problems.isEmpty()) {
            String more =
                    problems.size() == 1 ? "" : " (and %d more)".formatted(problems.size() - 1);
            throw new ConfigRefused(problems.getFirst() + more);
        }
        schemas.values().forEach(this::rememberStartOf);
    }

    private void rememberStartOf(List<ConfigSchema> carried) {
        for (ConfigSchema schema : carried) {
            if (schema.factory()) {
                files.keySet().stream()
                        .filter(name -> rulesPidOf(name).equals(schema.pid()))
                        .forEach(name -> startedWith.put(pidOf(name), shownValues(pidOf(name))));
            } else {
                startedWith.put(schema.pid(), shownValues(schema.pid()));
            }
        }
    }

    /** Looks at every file once; call it every half second or so. */
    synchronized void scan() throws IOException {
        List<Path> present = cfgFiles();
        for (Path file : present) {
            look(file, files.computeIfAbsent(nameOf(file), name -> new FileState()));
        }
        List<String> names = present.stream().map(EtcDirectory::nameOf).toList();
        for (String gone : List.copyOf(files.keySet())) {
            if (!names.contains(gone)) {
                if (files.remove(gone).applied != null) {
                    target.delete(pidOf(gone));
                    LOG.log(
                            System.Logger.Level.INFO,
                            "etc/{0} is gone: {1} has its defaults",
                            gone,
                            pidOf(gone));
                }
            }
        }
    }

    /** The rules that the bundle numbered {@code bundleId} carries; files that waited are taken. */
    synchronized void schemasOf(long bundleId, List<ConfigSchema> carried) {
        if (carried.isEmpty()) {
            return;
        }
        schemas.put(bundleId, List.copyOf(carried));
        files.forEach(
                (name, state) -> {
                    boolean concerned =
                            carried.stream()
                                    .anyMatch(schema -> schema.pid().equals(rulesPidOf(name)));
                    if (concerned && state.text != null) {
                        take(directory.resolve(name), state, false);
                    }
                });
        rememberStartOf(carried);
    }

    /** The bundle is gone; its configuration stays for when it comes back. */
    synchronized void forgetSchemasOf(long bundleId) {
        schemas.remove(bundleId);
    }

    @Override
    public synchronized void set(String pid, String key, String value) throws IOException {
        String name = pid + SUFFIX;
        Path file = directory.resolve(name);
        String before = Files.exists(file) ? Files.readString(file) : "";
        CfgFile parsed = CfgFile.parse(before);
        if (!parsed.problems().isEmpty()) {
            throw new IOException(place(pid) + " " + parsed.problems().getFirst());
        }
        String after = parsed.with(key, value);
        List<String> problems = new ArrayList<>();
        Map<String, Object> typed = typed(name, CfgFile.parse(after), problems);
        if (typed == null || !problems.isEmpty()) {
            throw new IOException(
                    place(pid) + " " + (typed == null ? "belongs to nobody" : problems.getFirst()));
        }
        Path fresh = directory.resolve("." + name + ".new");
        Files.writeString(fresh, after);
        move(fresh, file);
        FileState state = files.computeIfAbsent(name, any -> new FileState());
        state.text = after;
        state.stamp = Stamp.of(file);
        state.problems = List.of();
        apply(name, state, typed, false);
    }

    @Override
    public synchronized Map<String, Object> values(String pid) throws IOException {
        return target.current(pid);
    }

    @Override
    public String place(String pid) {
        return "etc/" + pid + SUFFIX;
    }

    @Override
    public synchronized List<Setting> settings() {
        List<Setting> settings = new ArrayList<>();
        Map<String, ConfigSchema> singles = new TreeMap<>();
        schemas.values().stream()
                .flatMap(List::stream)
                .filter(schema -> !schema.factory())
                .forEach(schema -> singles.put(schema.pid(), schema));
        singles.forEach((pid, schema) -> addSettings(pid, schema, settings));
        for (String name : files.keySet()) {
            String pid = pidOf(name);
            ConfigSchema schema = schemaOf(name);
            if (schema != null && schema.factory()) {
                addSettings(pid, schema, settings);
            } else if (schema == null) {
                new TreeMap<>(shownValues(pid))
                        .forEach(
                                (key, value) -> {
                                    if (!isInternal(key)) {
                                        settings.add(
                                                new Setting(
                                                        pid,
                                                        key,
                                                        shown(value),
                                                        "",
                                                        refusalOf(pid).strip(),
                                                        place(pid)));
                                    }
                                });
            }
        }
        return settings;
    }

    @Override
    public synchronized List<String> problems() {
        List<String> problems = new ArrayList<>();
        files.forEach(
                (name, state) ->
                        state.problems.forEach(
                                problem -> problems.add("etc/" + name + " " + problem)));
        return problems;
    }

    @Override
    public synchronized List<String> unread() {
        List<String> sentences = new ArrayList<>();
        files.forEach(
                (name, state) -> {
                    if (state.unread) {
                        sentences.add(nobodyReads(name));
                    }
                });
        return sentences;
    }

    private void addSettings(String pid, ConfigSchema schema, List<Setting> settings) {
        Map<String, Object> current = shownValues(pid);
        Map<String, Object> started = startedWith.getOrDefault(pid, current);
        for (SettingRule rule : schema.rules().values()) {
            String wanted = shown(rule, current);
            String value = rule.waitsForAStart() ? shown(rule, started) : wanted;
            String waiting =
                    value.equals(wanted) ? "" : WAITING.formatted(hidden(rule, wanted), place(pid));
            settings.add(
                    new Setting(
                            pid,
                            rule.key(),
                            hidden(rule, value),
                            rule.byDefault() == null ? "" : rule.byDefault(),
                            rule.description() + waiting + refusalOf(pid),
                            place(pid)));
        }
    }

    private static String shown(SettingRule rule, Map<String, Object> values) {
        return values.containsKey(rule.key())
                ? shown(values.get(rule.key()))
                : rule.byDefault() == null ? "" : rule.byDefault();
    }

    private static String hidden(SettingRule rule, String value) {
        return rule.secret() && !value.isEmpty() ? "(not shown)" : value;
    }

    /** What follows the description of a key whose file is not in force. */
    private String refusalOf(String pid) {
        FileState state = files.get(pid + SUFFIX);
        return state == null || state.problems.isEmpty()
                ? ""
                : " (" + place(pid) + " was refused: the last good values are in force)";
    }

    private Map<String, Object> shownValues(String pid) {
        try {
            return target.current(pid);
        } catch (IOException unreadable) {
            LOG.log(System.Logger.Level.WARNING, "the values of {0} cannot be read", pid);
            return Map.of();
        }
    }

    /** One look at one file: takes it when it has changed and then looked the same twice. */
    private void look(Path file, FileState state) {
        Stamp stamp = Stamp.of(file);
        if (stamp == null) {
            return;
        }
        watchTrial(nameOf(file), state);
        if (!stamp.equals(state.stamp)) {
            state.stamp = stamp;
            state.pending = true;
        } else if (state.pending) {
            state.pending = false;
            take(file, state, true);
        }
    }

    /**
     * @param edit whether components run with other values now; those can be gone back to
     */
    private void take(Path file, FileState state, boolean edit) {
        String name = nameOf(file);
        List<String> problems = new ArrayList<>();
        Map<String, Object> typed = null;
        try {
            if (!PID.matcher(pidOf(name)).matches()) {
                problems.add("is not named after a PID");
            } else if (Files.size(file) > CfgFile.CHARACTERS_MAX) {
                problems.add("is longer than %d bytes".formatted(CfgFile.CHARACTERS_MAX));
            } else {
                state.text = Files.readString(file);
                typed = typed(name, CfgFile.parse(state.text), problems);
            }
        } catch (MalformedInputException wrong) {
            problems.add("is not UTF-8 text");
        } catch (NoSuchFileException gone) {
            return;
        } catch (IOException unreadable) {
            problems.add("cannot be read: " + unreadable.getMessage());
        }
        if (!problems.isEmpty()) {
            report(name, state, problems);
            return;
        }
        state.problems = List.of();
        state.unread = typed == null;
        if (state.unread) {
            LOG.log(System.Logger.Level.WARNING, nobodyReads(name));
        } else if (!typed.equals(state.applied) || !target.fromFiles().contains(pidOf(name))) {
            try {
                apply(name, state, typed, edit || state.good != null);
            } catch (IOException failure) {
                report(name, state, List.of("could not be stored: " + failure.getMessage()));
            }
        }
    }

    private void report(String name, FileState state, List<String> problems) {
        List<String> said = problems.stream().map(EtcDirectory::withoutFullStop).toList();
        if (!said.equals(state.problems)) {
            refusals.increment();
            for (String problem : said) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "etc/{0} {1}{2}",
                        name,
                        problem,
                        state.applied == null ? "" : "; the last good values stay in force");
            }
        }
        state.problems = said;
    }

    /** Whoever shows a problem goes on after it; a component's words may be a whole sentence. */
    private static String withoutFullStop(String problem) {
        return problem.endsWith(".") ? problem.substring(0, problem.length() - 1) : problem;
    }

    /** Typed values, or null when no bundle here knows the PID and it is one of ours. */
    private Map<String, Object> typed(String name, CfgFile file, List<String> problems) {
        String pid = rulesPidOf(name);
        if (pid.equals(PolicyKeys.PID)) {
            return policyNames(file, problems);
        }
        ConfigSchema schema = schemaOf(name);
        if (schema != null) {
            return schema.typed(file, problems);
        }
        if (pid.startsWith(OWN_PREFIX)) {
            return null;
        }
        problems.addAll(file.problems());
        Map<String, Object> texts = new LinkedHashMap<>();
        file.values().forEach((key, value) -> texts.put(key, value.text()));
        return texts;
    }

    private static Map<String, Object> policyNames(CfgFile file, List<String> problems) {
        problems.addAll(file.problems());
        Map<String, Object> names = new LinkedHashMap<>();
        for (Map.Entry<String, CfgFile.Value> line : file.values().entrySet()) {
            String name = line.getValue().text();
            if (PolicyKeys.isName(line.getKey()) && PolicyKeys.isName(name)) {
                names.put(line.getKey(), name);
            } else {
                problems.add(
                        ("line %d: a line is \"kind = policy\", both lower-case words, such as"
                                        + " \"cores = fixed\"")
                                .formatted(line.getValue().line()));
            }
        }
        return names;
    }

    /**
     * @param onTrial whether the values before come back when the component refuses these
     */
    private void apply(String name, FileState state, Map<String, Object> typed, boolean onTrial)
            throws IOException {
        state.before = state.trialLooks > 0 ? state.applied : null;
        state.appliedMs = clock.millis();
        target.update(pidOf(name), typed);
        state.applied = typed;
        state.trialLooks = onTrial ? TRIAL_LOOKS : 0;
        if (!onTrial) {
            passed(name, state);
        }
    }

    /** Only now it is said: of an edit that its component refuses, nothing is ever in force. */
    private static void passed(String name, FileState state) {
        state.good = state.applied;
        LOG.log(System.Logger.Level.INFO, "etc/{0} is in force", name);
    }

    /** Goes back when the component refused values that the rules allow. */
    private void watchTrial(String name, FileState state) {
        if (state.trialLooks == 0) {
            return;
        }
        state.trialLooks--;
        String failure = target.failure(pidOf(name), state.appliedMs);
        if (failure == null) {
            if (state.trialLooks == 0) {
                passed(name, state);
            }
            return;
        }
        report(name, state, List.of("was refused by its component: " + failure));
        // The edit before may be on trial still. It comes back, and its trial begins anew: was it
        // the one that is refused, then it will be again.
        boolean onTrial = state.before != null;
        Map<String, Object> back = onTrial ? state.before : state.good;
        state.before = null;
        state.trialLooks = onTrial ? TRIAL_LOOKS : 0;
        state.appliedMs = clock.millis();
        try {
            if (back == null) {
                target.delete(pidOf(name));
            } else {
                target.update(pidOf(name), back);
            }
            state.applied = back;
        } catch (IOException unwritable) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "cannot go back to the last good values",
                    unwritable);
        }
    }

    private String nobodyReads(String name) {
        List<String> pids =
                schemas.values().stream()
                        .flatMap(List::stream)
                        .map(ConfigSchema::pid)
                        .distinct()
                        .toList();
        String typed = rulesPidOf(name);
        String hint = Spelling.hint(typed, pids);
        return "etc/%s waits: no bundle installed here is configured by it.%s"
                .formatted(name, hint.isEmpty() ? hintOfBeginnings(typed, pids) : hint);
    }

    /** Names what is configurable below a name like {@code typed}, which is only the beginning. */
    private static String hintOfBeginnings(String typed, List<String> pids) {
        int words = typed.split("\\.").length;
        Map<String, String> byBeginning = new TreeMap<>();
        for (String pid : pids) {
            String[] parts = pid.split("\\.");
            int length = Math.min(words, parts.length);
            String beginning = String.join(".", List.of(parts).subList(0, length));
            byBeginning.merge(beginning, pid, (one, other) -> one + " or " + other);
        }
        return Spelling.nearest(typed, byBeginning.keySet())
                .map(beginning -> " Did you mean " + byBeginning.get(beginning) + "?")
                .orElse("");
    }

    private ConfigSchema schemaOf(String name) {
        String pid = rulesPidOf(name);
        ConfigSchema newest = null;
        for (List<ConfigSchema> carried : schemas.values()) {
            for (ConfigSchema schema : carried) {
                if (schema.pid().equals(pid)) {
                    newest = schema;
                }
            }
        }
        return newest;
    }

    private List<Path> cfgFiles() throws IOException {
        List<Path> found = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return found;
        }
        try (DirectoryStream<Path> entries =
                Files.newDirectoryStream(
                        directory,
                        entry ->
                                nameOf(entry).endsWith(SUFFIX)
                                        && !nameOf(entry).startsWith(".")
                                        && Files.isRegularFile(entry))) {
            for (Path entry : entries) {
                if (found.size() == FILES_MAX) {
                    throw new IOException("etc has more than " + FILES_MAX + " files");
                }
                found.add(entry);
            }
        }
        found.sort(null);
        return found;
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException unsupported) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    static boolean isInternal(String key) {
        return key.startsWith(".") || key.startsWith("service.") || key.startsWith("component.");
    }

    private static String shown(Object value) {
        if (value instanceof Object[] many) {
            List<String> texts = new ArrayList<>();
            for (Object one : many) {
                texts.add(String.valueOf(one));
            }
            return String.join(",", texts);
        }
        return value instanceof Collection<?> many
                ? String.join(",", many.stream().map(String::valueOf).toList())
                : String.valueOf(value);
    }

    private static String nameOf(Path file) {
        return file.getFileName().toString();
    }

    private static String pidOf(String name) {
        return name.substring(0, name.length() - SUFFIX.length());
    }

    /** The PID under which the rules stand: for {@code factory~name} the factory's. */
    private static String rulesPidOf(String name) {
        String pid = pidOf(name);
        int tilde = pid.indexOf('~');
        return tilde < 0 ? pid : pid.substring(0, tilde);
    }

    /** What is known of one file. */
    private static final class FileState {
        private Stamp stamp;
        private boolean pending;
        private String text;
        private Map<String, Object> applied;
        private long appliedMs;

        /** The edit before, while it was on trial itself when this one came; else null. */
        private Map<String, Object> before;

        /** The last values that no component refused, null when there were none. */
        private Map<String, Object> good;

        private int trialLooks;

        /** Whether no bundle here knows its PID. */
        private boolean unread;

        private List<String> problems = List.of();
    }

    /** Size and time of a file: changes when it is written. */
    private record Stamp(long bytes, long modifiedMs) {
        static Stamp of(Path file) {
            try {
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(attributes.size(), attributes.lastModifiedTime().toMillis());
            } catch (IOException gone) {
                return null;
            }
        }
    }
}

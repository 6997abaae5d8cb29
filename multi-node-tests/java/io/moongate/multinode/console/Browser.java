package io.moongate.multinode.console;

import io.moongate.multinode.harness.Await;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A real Chromium without a window, with a profile of its own. */
final class Browser implements AutoCloseable {
  /** Within which the page shows what it should, on a slow and busy machine. */
  static final Duration BOUND = Duration.ofSeconds(30);

  private static final Path SHOTS = Path.of("target", "console");
  private static final List<String> SERIOUS = List.of("serious", "critical");

  private final Path profile;
  private final ChromeDriver driver;
  private final List<String> errors = new ArrayList<>();

  private Browser(Path profile, ChromeDriver driver) {
    this.profile = profile;
    this.driver = driver;
  }

  /** Starts Chromium, which is on the path as Debian has it, with its driver. */
  static Browser start() throws IOException {
    Path profile = Files.createTempDirectory("moongate-chromium");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(onPath("chromium"));
    options.addArguments(
        "--headless=new",
        // Its sandbox does not work for root, as whom the tests against real processes run.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--force-prefers-reduced-motion",
        "--user-data-dir=" + profile);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(onPath("chromedriver"))
            .usingAnyFreePort()
            .build();
    Browser browser = new Browser(profile, new ChromeDriver(service, options));
    browser.size(1280, 800);
    return browser;
  }

  private static File onPath(String command) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> new File(directory, command))
        .filter(File::canExecute)
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    command + " is not on PATH (Debian: apt-get install chromium-driver)"));
  }

  /** The size of the page in CSS pixels, which may be less than that of any window. */
  void size(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  void open(URI page) {
    driver.get(page.toString());
  }

  /** Gives the token that the page asks for. */
  void signIn(String token) {
    await("a field for the token", () -> there("#token"));
    type(token, Keys.ENTER);
  }

  URI address() {
    return URI.create(driver.getCurrentUrl());
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  boolean there(String selector) {
    return !driver.findElements(By.cssSelector(selector)).isEmpty();
  }

  int count(String selector) {
    return driver.findElements(By.cssSelector(selector)).size();
  }

  String text(String selector) {
    return (String)
        script(
            "const e = document.querySelector(arguments[0]); return e ? e.textContent : '';",
            selector);
  }

  /** What assistive technology calls the first such element; empty when there is none. */
  String label(String selector) {
    return (String)
        script(
            "return document.querySelector(arguments[0])?.getAttribute('aria-label') ?? '';",
            selector);
  }

  /** Keys as a person presses them, one after another. */
  void type(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** A key with another held down. */
  void chord(Keys held, CharSequence key) {
    new Actions(driver).keyDown(held).sendKeys(key).keyUp(held).perform();
  }

  /** Presses Tab until such an element has the focus. */
  void tabTo(String selector) {
    for (int i = 0; i < 80; i++) {
      if (focused(selector)) {
        return;
      }
      type(Keys.TAB);
    }
    throw new AssertionError(
        selector + " is not reached by the keyboard; the focus is on " + focus());
  }

  boolean focused(String selector) {
    return Boolean.TRUE.equals(
        script("return document.activeElement.matches(arguments[0])", selector));
  }

  /** What has the focus. */
  String focus() {
    return (String)
        script(
            "const e = document.activeElement;"
                + " return `${e.tagName}#${e.id} ${e.ariaLabel ?? e.textContent.slice(0, 40)}`");
  }

  Object script(String code, Object... arguments) {
    return driver.executeScript(code, arguments);
  }

  void await(String what, BooleanSupplier condition) {
    await(what, BOUND, condition);
  }

  void await(String what, Duration bound, BooleanSupplier condition) {
    Await.until(
        what,
        bound,
        condition,
        () -> {
          shot("gave-up");
          return script("return document.body.innerText.slice(0, 2000)") + " " + consoleErrors();
        });
  }

  /** How many events the timeline has, once it has any: it says nothing before it has loaded. */
  int events() {
    await(
        "events of the timeline", () -> text(".timeline > .muted").matches("[1-9][\\d,]* event.*"));
    return Integer.parseInt(text(".timeline > .muted").split(" ")[0].replace(",", ""));
  }

  /** A picture for people, under {@code target/console}. */
  void shot(String name) {
    try {
      Files.createDirectories(SHOTS);
      Files.write(SHOTS.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What axe-core finds that is serious or critical.
   *
   * @return rule, what it is about, and where
   */
  List<String> violations() {
    return violations("");
  }

  /** The same of contrast alone, which is all that another theme changes. */
  List<String> poorContrast() {
    return violations(", runOnly: ['color-contrast']");
  }

  private List<String> violations(String options) {
    script(axe());
    Object found =
        driver.executeAsyncScript(
            "const done = arguments[arguments.length - 1];"
                + "axe.run(document, {resultTypes: ['violations'], preload: false"
                + options
                + "}).then("
                + "r => done(r.violations.flatMap(v => v.nodes.map("
                + "n => [v.impact, `${v.id}: ${n.target} ${n.failureSummary}`]))),"
                + "e => done([['critical', String(e)]]))");
    List<String> violations = new ArrayList<>();
    for (Object each : (List<?>) found) {
      List<?> pair = (List<?>) each;
      if (SERIOUS.contains(String.valueOf(pair.get(0)))) {
        violations.add(String.valueOf(pair.get(1)));
      }
    }
    return violations;
  }

  private static String axe() {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Errors that the page has logged since the start: uncaught exceptions, violations of its policy,
   * and what could not be loaded, but for answers that are no success: these it shows.
   */
  List<String> consoleErrors() {
    for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
      String message = entry.getMessage();
      boolean answer = message.contains("/api/v1/") && message.contains("Failed to load resource");
      if (entry.getLevel().intValue() >= Level.WARNING.intValue() && !answer) {
        errors.add(message);
      }
    }
    return List.copyOf(errors);
  }

  /** Errors with this in them were to be expected. */
  void forgetErrors(String part) {
    consoleErrors();
    errors.removeIf(error -> error.contains(part));
  }

  @Override
  public void close() throws IOException {
    driver.quit();
    try (Stream<Path> tree = Files.walk(profile)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}

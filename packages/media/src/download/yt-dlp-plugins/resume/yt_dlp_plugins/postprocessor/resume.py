"""
Continues a partial file only where it certainly belongs to what the source has now, and says when a source wants to be
asked again. It is no post-processor: yt-dlp loads what lies here, and this changes how its downloaders go about their work.

yt-dlp itself sends `Range` without looking whether the file is still the one that it began (RFC 9110, 15.3.7.3), and a
process that is killed between two writes leaves a stream with a fragment in it twice, or half, or not at all. So beside
each partial file lies one that says what it is a part of (`…-state`); a partial without one is not continued.

It leans on a few methods of yt-dlp; see docs/decisions/0017-partial-files-are-vouched-for.md.
"""
import contextlib
import hashlib
import json
import os
import threading
from glob import escape, glob

from yt_dlp import YoutubeDL
from yt_dlp.downloader.common import FileDownloader
from yt_dlp.downloader.fragment import FragmentFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import parse_http_range

# A source that is another file this often within one download has no file that could be had.
CHANGES_LIMIT = 3
# So much is compared where a source has nothing else to tell its files by.
TAIL_BYTES = 64 * 1024

# What the thread's HttpFD writes to.
current = threading.local()


class SourceChanged(Exception):
    def __init__(self, filename):
        super().__init__(filename)
        self.filename = filename


def tell(message):
    print(json.dumps(message), flush=True)


def size_of(path):
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def remove(path):
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def state_file(tmpfilename):
    return f'{tmpfilename}-state'


def read_state(tmpfilename):
    try:
        with open(state_file(tmpfilename), encoding='utf-8') as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def write_state(tmpfilename, state):
    # In one step: there is never half of it.
    path = state_file(tmpfilename)
    with open(f'{path}.new', 'w', encoding='utf-8') as file:
        json.dump(state, file)
    os.replace(f'{path}.new', path)


def start_over(downloader, filename):
    tmpfilename = downloader.temp_name(filename)
    for path in [tmpfilename, downloader.ytdl_filename(filename), *glob(f'{escape(tmpfilename)}-*')]:
        remove(path)


def validators_of(response):
    """What tells one state of a resource from another; equal for the whole and for each part of it."""
    headers = response.headers
    size = (headers.get('Content-Range') or '').rpartition('/')[2] or headers.get('Content-Length')
    return {'etag': headers.get('ETag'), 'modified': headers.get('Last-Modified'), 'size': size}


def ends_alike(partial, request, fetch):
    _, tmpfilename, begin = partial
    with open(tmpfilename, 'rb') as file:
        have = file.seek(0, os.SEEK_END)
        file.seek(max(0, have - TAIL_BYTES))
        tail = file.read()
    again = request.copy()
    again.headers['Range'] = f'bytes={begin + have - len(tail)}-{begin + have - 1}'
    response = fetch(again)
    try:
        return response.status == 206 and response.read(len(tail) + 1) == tail
    finally:
        response.close()


def check(partial, request, response, fetch):
    filename, tmpfilename, _ = partial
    have, validators = size_of(tmpfilename), validators_of(response)
    if have == 0 or response.status == 200:
        # From the beginning: of a source that ignores ranges too. What was there must not pass for a part of this.
        remove(tmpfilename)
        write_state(tmpfilename, {'validators': validators})
        return
    is_same = read_state(tmpfilename).get('validators') == validators
    if is_same and not (validators['etag'] or validators['modified']):
        is_same = ends_alike(partial, request, fetch)
    if not is_same:
        response.close()
        raise SourceChanged(filename)


def around(cls, name):
    """Puts a function around a method: it gets the method, and then what the method gets."""
    def put(wrapper):
        method = getattr(cls, name)
        setattr(cls, name, lambda self, *args, **kwargs: wrapper(method, self, *args, **kwargs))
    return put


@around(YoutubeDL, 'urlopen')
def urlopen(method, self, request):
    partial = getattr(current, 'partial', None)
    try:
        response = method(self, request)
    except HTTPError as error:
        if error.status == 416 and partial:
            # Longer than what is there now. yt-dlp asks once more in the same way, and gives up.
            raise SourceChanged(partial[0]) from error
        retry_after = error.response.headers.get('Retry-After')
        if error.status in (429, 503) and retry_after:
            tell({'retryAfter': retry_after})
        raise
    if partial:
        check(partial, request, response, lambda again: method(self, again))
    return response


@around(HttpFD, 'real_download')
def download_file(method, self, filename, info_dict):
    tmpfilename = self.temp_name(filename)
    have, validators = size_of(tmpfilename), read_state(tmpfilename).get('validators')
    if have and not validators:
        start_over(self, filename)
    elif have and str(have) == validators['size']:
        # All of it was there, but for its name: a byte to ask for shows whether it still is.
        os.truncate(tmpfilename, have - 1)
    begin = parse_http_range((info_dict.get('http_headers') or {}).get('Range'))[0] or 0
    current.partial = (filename, tmpfilename, begin)
    try:
        return method(self, filename, info_dict)
    finally:
        current.partial = None


@around(FragmentFD, '_prepare_frag_download')
def prepare_fragments(method, self, ctx):
    """
    Goes back behind the last fragment of which it is known that it was appended. That one is fetched again: where it is
    not the same, neither is the rest.
    """
    tmpfilename = self.temp_name(ctx['filename'])
    state = read_state(tmpfilename)
    index = state.get('index', 0) - 1
    if index > 0 and state['total'] == ctx.get('total_frags') and size_of(tmpfilename) >= state['before']:
        os.truncate(tmpfilename, state['before'])
        with open(self.ytdl_filename(ctx['filename']), 'w', encoding='utf-8') as file:
            json.dump({'downloader': {'current_fragment': {'index': index}, 'extra_state': state['extra']}}, file)
        ctx['expected'] = state['sha256']
    else:
        index = 0
        start_over(self, ctx['filename'])
    # yt-dlp's own count is also written by the threads that fetch ahead.
    ctx['appended'] = index
    return method(self, ctx)


@around(FragmentFD, '_append_fragment')
def append_fragment(method, self, ctx, frag_content):
    sha256 = hashlib.sha256(frag_content).hexdigest()
    if ctx.pop('expected', sha256) != sha256:
        ctx['dest_stream'].close()
        raise SourceChanged(ctx['filename'])
    before = size_of(ctx['tmpfilename'])
    method(self, ctx, frag_content)
    ctx['appended'] += 1
    write_state(ctx['tmpfilename'], {
        'index': ctx['appended'],
        'total': ctx.get('total_frags'),
        'before': before,
        'sha256': sha256,
        'extra': ctx.get('extra_state') or {},
    })


@around(FileDownloader, 'download')
def download(method, self, filename, *args, **kwargs):
    for _ in range(CHANGES_LIMIT):
        try:
            result = method(self, filename, *args, **kwargs)
        except SourceChanged as changed:
            tell({'changed': True})
            start_over(self, changed.filename)
            continue
        if result[0]:
            remove(state_file(self.temp_name(filename)))
        return result
    self.report_error('the source is another file each time that it is asked')
    return False, False


tell({'guarded': True})

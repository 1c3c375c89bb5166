"""One Chinese character as speakers of different dialects spell it in Malaysia.

What belongs here: which Latin spellings can be the same character, for surnames and for the syllables of given
names, as data and one look-up. What does not: any comparison (`person_model.py`).

A police report in pinyin (Zhang Guoqiang) and a passport in Hokkien (Teoh Kok Keong) are one name. One spelling
serves several characters (Ng is 黄 for a Teochew and 吴 for a Cantonese), so a spelling has a set of readings,
and two spellings agree when their sets meet. Sources: the common readings in Mandarin, Hokkien, Teochew,
Cantonese, Hakka, Hainanese and Foochow as Malaysian registries have written them; no list is complete.
"""

from __future__ import annotations

from collections.abc import Iterable

_CHARACTERS = """
陈 tan chen chan chin ting tang ding | 林 lim lin lam lum | 黄 wong ng huang ooi oei wee hwang vong bong ung
李 lee li lei ly lie | 王 ong wang heng wong | 吴 goh wu go gho ng ngo ngu
张 chong teo teoh zhang cheong chang tiong teow diong | 刘 low liu lau loh lew liew lao
叶 yap ye yip ip yeap iap | 蔡 chua cai choi choy chai tsai chuah | 许 koh xu hui hsu khor kho hii
邱 khoo qiu yau hew chiew | 胡 foo hu fu oh aw woo ho | 杨 yeoh yang yeo yong yeong yeung iong
谢 cheah tse xie seah sia hsieh chia chay | 郭 kwok guo kuo kok quek kuok keh kwek koay
梁 leong liang neo nio leung liong | 周 chew chow zhou chiu chou jew chau | 何 ho he hor
苏 soo su soh so saw | 郑 tay zheng cheng teh tee chiang tey | 颜 gan yan ngan | 沈 sim shen sum shum
江 kong jiang kang | 彭 pang peng phang | 冯 phung fung feng pung fong pang | 萧 siow xiao seow siew hsiao siaw
赖 lai loy lye | 黎 lai li lye | 余 yee yu yue er ee | 杜 toh du tu too | 莫 mok mo moh | 谭 tham tan tam
罗 lo luo loh law low lor | 曾 chan zeng tsang chang | 朱 choo zhu chu | 孙 sun soon suen | 马 ma mah be beh
洪 ang hong hung fong hoong | 廖 liew liao leow liau | 姚 yeow yao yew yiu | 潘 phua pan poon phoon
陆 loke lu look luk | 钟 chong zhong cheong chung cheng | 高 ko gao kow | 丘 khoo hew kew
明 ming beng meng min | 伟 wei wai wee | 志 zhi chee chi jee | 家 jia ka kah kar chia gar | 佳 jia kai kar
嘉 jia ka kah kar | 慧 hui huey wai fui hooi | 国 guo kok kwok kuok kuo | 强 qiang keong kiong kiang keung kheong
文 wen boon man mun vun bun | 成 cheng seng sing shing | 胜 sheng seng sing shing | 生 sheng seng sang sen
俊 jun choon chun chuen | 福 fu hock hok fook foke fuk | 德 de teck tak tuck teik tek | 金 jin kim kam gin chin
美 mei bee mooi moi | 玲 ling leng lin | 秀 xiu siew siu sau siow | 月 yue guat yuet nguat guek
英 ying eng ing yin | 华 hua wah hwa fah | 发 fa huat fatt fat | 财 cai chai choy choi
龙 long leong loong lung liong | 光 guang kong kwong kuang | 荣 rong eng weng wing yong yung jung
建 jian kian kin chien | 健 jian kian kin | 春 chun choon chuen | 顺 shun soon | 兴 xing heng hing hin
清 qing cheng ching chin | 玉 yu geok yoke yuk giok nyuk gaik | 珠 zhu choo chu | 新 xin sin san
欣 xin yan yin hing him | 怡 yi yee ee | 仪 yi yee ee | 义 yi ngee ngi yee | 平 ping peng pin | 安 an ann onn aun on
东 dong tong tung | 海 hai hoi hye | 南 nan lam nam | 来 lai loy | 宝 bao poh po pow | 子 zi chee tze tsz
小 xiao siew siow sio siau | 水 shui sui chooi swee | 凤 feng fong foong hong fung | 贤 xian hian hin yin sian
杰 jie kiat kit git | 豪 hao ho hou | 祥 xiang siang cheong seong siong | 翔 xiang siang cheong seong
永 yong weng wing eng | 良 liang leong neo liong | 忠 zhong tiong chung choong | 丽 li lay lai lee
云 yun hoon wan | 燕 yan yen ean | 雪 xue seok suet suat | 雯 wen mun boon | 婷 ting teng thing | 宏 hong fong weng
雄 xiong hiong hung | 辉 hui hwee fai fei | 晓 xiao heow siew hiu | 思 si sze su see | 诗 shi si see sze
康 kang hong khang hoong | 鸿 hong hung hoong | 盛 sheng seng shing | 松 song siong chung choong soong
进 jin chin chun | 正 zheng cheng ching | 心 xin sim sam
"""

#: One such syllable alone stands in the names of many peoples.
_LEAST = 2

READINGS: dict[str, tuple[str, ...]] = {}
for _entry in _CHARACTERS.replace("\n", " | ").split("|"):
    _character, *_spellings = _entry.split() or [""]
    for _spelling in _spellings:
        READINGS[_spelling] = (*READINGS.get(_spelling, ()), _character)


def readings(tokens: Iterable[str]) -> list[str] | None:
    """For each token the characters it may stand for, joined by a blank; the token itself when there is none.

    None when fewer than two tokens are Chinese syllables: such a name has no dialects.
    """
    given = list(tokens)
    if sum(t in READINGS for t in given) < _LEAST:
        return None
    return sorted(" ".join(READINGS.get(t, (t,))) for t in given)
